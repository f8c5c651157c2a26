"""The console's form of a template: groups of parameters with labels."""

from __future__ import annotations

from msgspec import Struct
from troposphere import Parameter

from phoenix_cfn.template import StageTemplate

# The groups. They appear in the order in which each gets its first parameter.
SOURCE = "Source"
STAGE = "Stage"
SERVICE = "Service"
HTTPS = "HTTPS"
NETWORK = "Network"
DATABASE = "Database"
NOTIFICATIONS = "Notifications"

# The full ARN of a secret, including its random suffix.
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html
SECRET_ARN = "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}$"


class Form(Struct, frozen=True):
    """The form of one template. `author` is the module that adds parameters, for findings."""

    template: StageTemplate
    author: str

    def ask(self, group: str, label: str, parameter: Parameter) -> Parameter:
        """Adds a parameter to the template and to the form, and returns it."""
        with self.template.written_by(self.author):
            self.template.add_parameter(parameter)
        self.template.add_parameter_to_group(parameter, group)
        self.template.set_parameter_label(parameter, label)
        return parameter
