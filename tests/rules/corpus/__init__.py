"""The fault corpus: single faults put into the real templates, and near misses, which are none.

One module for each family of rules, as in phoenix_cfn/rules. A case stands in the family of the first rule it names,
in the order of the rules' ids. Faults and near misses in templates of other styles are in `other_styles.py`.
"""

from __future__ import annotations

from tests.rules.corpus import alarms, database, pipeline, recovery, removal, request, retention, roles, scaling, stages
from tests.rules.house import Case

FAMILIES: dict[str, list[Case]] = {
    "alarms": alarms.CASES,
    "database": database.CASES,
    "pipeline": pipeline.CASES,
    "recovery": recovery.CASES,
    "removal": removal.CASES,
    "request": request.CASES,
    "retention": retention.CASES,
    "roles": roles.CASES,
    "scaling": scaling.CASES,
    "stages": stages.CASES,
}
CASES = [case for cases in FAMILIES.values() for case in cases]
FAULTS = [case for case in CASES if case.rules]
NEAR_MISSES = [case for case in CASES if not case.rules]
