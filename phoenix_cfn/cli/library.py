"""`python -m phoenix_cfn.cli.library`: updates the data in this package. For the development of this library only."""

from __future__ import annotations

from phoenix_cfn import infrastructure
from phoenix_cfn.iam import handlers, library
from phoenix_cfn.iam.earlier import Earlier
from phoenix_cfn.pipeline.deployed import types, update_library
from phoenix_cfn.settings import Settings

if __name__ == "__main__":
    default = Settings()
    # Each of them writes a section.
    earlier = update_library()
    needed = handlers.refresh(types(default, infrastructure.template(default).to_dict(), Earlier()))
    print(f"{library.PATH}: {'written' if earlier or needed else 'unchanged'}")
