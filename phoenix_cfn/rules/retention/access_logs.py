from __future__ import annotations

from collections.abc import Iterator

from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class AccessLogs(Rule):
    """A bucket of the template with access logs of a load balancer expires them after 7 days.

    Risk: The logs never expire, and block the deletion of the bucket.

    Fix: Add a lifecycle rule with ExpirationInDays 7 to the bucket.
    """

    id = "E9410"
    shortdesc = "Access logs in a bucket are kept for seven days"
    source_url = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lifecycle-mgmt.html"
    tags = ["R3", "retention"]
    kata = True
    numbers = {"days": 7}

    def judge(self, stack: Stack) -> Iterator[Finding]:
        days = self.config["days"]
        for balancer in stack.of("AWS::ElasticLoadBalancingV2::LoadBalancer"):
            attributes = {item["Key"].literal: item["Value"] for item in balancer["LoadBalancerAttributes"].items}
            for kind in ("access_logs", "connection_logs", "health_check_logs"):
                switch, named = attributes.get(f"{kind}.s3.enabled"), attributes.get(f"{kind}.s3.bucket")
                bucket = stack.resource(named, "AWS::S3::Bucket") if named is not None else None
                if switch is None or not switch.true or bucket is None:
                    continue
                rules = bucket.at("LifecycleConfiguration", "Rules")
                enabled = [rule for rule in rules.items if rule["Status"].literal == "Enabled"]
                periods = [rule["ExpirationInDays"] for rule in enabled if rule["ExpirationInDays"].given]
                if not rules.opaque and not any(node.number == days or node.unknown for node in periods):
                    yield finding(
                        periods[0] if periods else bucket.here,
                        f"{bucket.id} does not expire the {kind.replace('_', ' ')} after {days} days",
                    )
