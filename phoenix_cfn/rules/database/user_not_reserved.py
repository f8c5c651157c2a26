from __future__ import annotations

import re
from collections.abc import Iterator

from phoenix_cfn.rules._database import clusters
from phoenix_cfn.rules._facts import documentdb
from phoenix_cfn.rules._rule import Finding, Rule, Stack, finding


class UserNotReserved(Rule):
    """The master user of DocumentDB has 1 to 63 letters and digits, begins with a letter, and is none of admin,
    rdsadmin and serviceadmin.

    Risk: Creating the stack fails after minutes: the name is a reserved word used by the engine.

    Fix: Choose another name; refuse the reserved ones in the parameter's AllowedPattern.
    """

    id = "E9231"
    shortdesc = "The database accepts its master user"
    source_url = "https://docs.aws.amazon.com/documentdb/latest/developerguide/API_CreateDBCluster.html"
    tags = ["wiring", "database"]

    def judge(self, stack: Stack) -> Iterator[Finding]:
        for cluster in clusters(stack):
            node = cluster["MasterUsername"]
            user = node.literal
            if user is None:
                continue
            if user.lower() in documentdb.RESERVED_USERS:
                yield finding(node, f"{user} is a reserved word of DocumentDB")
            elif not re.fullmatch("[A-Za-z][A-Za-z0-9]{0,62}", user):
                yield finding(node, f"{user} is not 1 to 63 letters and digits that begin with a letter")
