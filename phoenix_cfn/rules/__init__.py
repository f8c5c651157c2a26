"""The proofs: cfn-lint rules for what the kata and the wiring demand; `cfn-lint -a phoenix_cfn/rules template.yml`."""
