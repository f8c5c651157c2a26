"""An update tried on the local AWS before it is made: `phoenix-cfn rehearse`.

`rehearsal` deploys a revision and releases the working tree to it by `release`; `seen` reads what that did to each
resource, `verdict` compares it with the preview, and `report` prints it.
"""
