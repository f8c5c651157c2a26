"""ACM's corrections."""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from phoenix_cfn.local.server import LocalAws
from tests.local.aws.front import POLICY, ZONE, answering, balancer, certificate, listener
from tests.local.aws.lab import Lab


def test_domains_are_proven(lab: Lab, aws: LocalAws) -> None:
    outputs = lab.deploy({**ZONE, "Certificate": certificate()}, {"Zone": {"Ref": "Zone"}})
    records = aws.client("route53").list_resource_record_sets(HostedZoneId=outputs["Zone"])["ResourceRecordSets"]
    assert any(each["Type"] == "CNAME" and each["Name"].endswith("lab.example.com.") for each in records)
    assert "is not permitted in zone" in lab.failure({**ZONE, "Certificate": certificate("lab.example.org")})
    assert "is not permitted in zone" in lab.failure({**ZONE, "Certificate": certificate("notexample.com")})
    assert "No hosted zone found" in lab.failure({"Certificate": certificate(zone="Z0123456789ABCDEFGHIJ")})
    unproven = certificate()
    del unproven["Properties"]["DomainValidationOptions"]
    assert "would wait until it times out" in lab.failure({"Certificate": unproven})


def test_certificates_are_real(lab: Lab, aws: LocalAws) -> None:
    arn = lab.deploy({**ZONE, "Certificate": certificate()}, {"Arn": {"Ref": "Certificate"}})["Arn"]
    found = aws.client("acm").get_certificate(CertificateArn=arn)
    leaf = x509.load_pem_x509_certificate(found["Certificate"].encode())
    authority = x509.load_pem_x509_certificate(found["CertificateChain"].encode())
    leaf.verify_directly_issued_by(authority)
    assert isinstance(leaf.public_key(), ec.EllipticCurvePublicKey)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["lab.example.com"]


def test_certificates_in_use_stay(lab: Lab, aws: LocalAws) -> None:
    arn = lab.deploy({**ZONE, "Certificate": certificate()}, {"Arn": {"Ref": "Certificate"}})["Arn"]
    own = lab.stacks[0]
    https = listener(443, "HTTPS", answering("secure"), Certificates=[{"CertificateArn": arn}], SslPolicy=POLICY)
    lab.deploy(balancer(Https=https))
    assert lab.delete(own) == "DELETE_FAILED"
    assert "is in use" in lab.reasons(own)
