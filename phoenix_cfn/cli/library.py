"""`python -m phoenix_cfn.cli.library`: for the development of this library. Updates the facts that it ships.

library.json has what the library can write under any settings, handlers.json what CloudFormation needs for its types.
"""

from __future__ import annotations

from phoenix_cfn import infrastructure
from phoenix_cfn.iam import handlers
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.pipeline.deployed import LIBRARY, types, update_library
from phoenix_cfn.settings import Settings

if __name__ == "__main__":
    print(f"{LIBRARY}: {'written' if update_library() else 'unchanged'}")
    default = Settings()
    written = handlers.refresh(types(default, infrastructure.template(default).to_dict(), Earlier()))
    print(f"{handlers.DATA}: {'written' if written else 'unchanged'}")
