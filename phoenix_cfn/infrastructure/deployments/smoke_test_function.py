"""Runs in Lambda during a deployment: requests a path of the new version, before any user does.

The template carries this file's text; boto3 is there in Lambda, only CodeDeploy's answer needs it.
"""

import http.client
import os
import ssl
import time

# Seconds. The load balancer takes some of them to follow a changed rule or listener.
DELAY, PAUSE, TIMEOUT = 5, 1, 5
REQUESTS = 5


def ecs(event, context):
    return {"hookStatus": "SUCCEEDED" if passes() else "FAILED"}


def codedeploy(event, context):
    import boto3

    boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
        deploymentId=event["DeploymentId"],
        lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
        status="Succeeded" if passes() else "Failed",
    )


def passes():
    """Whether every request gets 200 in time."""
    time.sleep(DELAY)
    for number in range(REQUESTS):
        time.sleep(PAUSE)
        found = answer()
        print(f"request {number + 1} of {REQUESTS}: {found}")
        if found != 200:
            return False
    return True


def answer():
    """The status code, or the error where no answer comes."""
    test = {os.environ["TEST_HEADER"]: os.environ["TEST_VALUE"]}
    host, port = os.environ["HOST"], int(os.environ["PORT"])
    if os.environ["SCHEME"] == "https":
        # The certificate names the domain, and this is the load balancer's own name. Nothing here is secret.
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", os.environ["TEST_PATH"], headers=test)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return repr(error)
    finally:
        connection.close()
