import hashlib
import hmac
import re

from fake import Api, Denied, quoted, route, unquoted, xml

NS = "{https://route53.amazonaws.com/doc/2013-04-01/}"


class Route53(Api):
    code, variant = "route53", "keys"
    source = "https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html; signature: " \
             "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html"
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE0123", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AWS_REGION": "eu-central-1"}
    wrong = {"AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYNOTRIGHT"}
    optional = ("AWS_REGION",)
    ambient = True
    base = "https://route53.amazonaws.com/2013-04-01"
    denied_text = "The request signature we calculated does not match [SignatureDoesNotMatch]"
    denied = (403, '<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type>'
                   '<Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match</Message></Error>'
                   '<RequestId>b25f48e8</RequestId></ErrorResponse>')
    # 5 requests a second for an account: docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html
    rate_limited = (400, '<?xml version="1.0"?><ErrorResponse><Error><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>')
    session = ""

    def setup(self):
        self.pending = {}  # of each change, how often it is still asked for

    def authorize(self, r):
        amz, secret = r.header("x-amz-date"), self.env["AWS_SECRET_ACCESS_KEY"]
        m = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})", r.header("authorization"))
        names = "host;x-amz-date" + (";x-amz-security-token" if self.session else "")
        scope = "%s/us-east-1/route53/aws4_request" % amz[:8]
        assert m and m.group(1) == "%s/%s" % (self.env["AWS_ACCESS_KEY_ID"], scope) and m.group(2) == names
        assert r.raw_query == "&".join(sorted(r.raw_query.split("&")))
        headers = {"host": r.host, "x-amz-date": amz, "x-amz-security-token": self.session}
        canonical = "\n".join([r.method, r.path, r.raw_query, *["%s:%s" % (n, headers[n]) for n in names.split(";")], "", names,
                               hashlib.sha256((r.text or "").encode()).hexdigest()])
        key = ("AWS4" + secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        text = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (amz, scope, hashlib.sha256(canonical.encode()).hexdigest())
        if hmac.new(key, text.encode(), hashlib.sha256).hexdigest() != m.group(3):
            raise Denied()

    @route("GET", "/hostedzonesbyname")
    def zones_by_name(self, r):
        first = r.query(dnsname=str)["dnsname"]
        order = sorted(self.zones, key=lambda n: n.split(".")[::-1])
        found = [xml("HostedZone", xml("Id", "/hostedzone/Z%d" % self.zones[n].id), xml("Name", n + "."),
                     xml("Config", xml("PrivateZone", "false"))) for n in order if n.split(".")[::-1] >= first.split(".")[::-1]]
        private = xml("HostedZone", xml("Id", "/hostedzone/ZPRIVATE"), xml("Name", first + "."), xml("Config", xml("PrivateZone", "true")))
        return 200, xml("ListHostedZonesByNameResponse", xml("HostedZones", private, *found), xml("DNSName", first), xml("IsTruncated", "false"))

    @route("GET", "/hostedzone/{id}/rrset")
    def get(self, r, id):
        q, zone = r.query(name=str, type="TXT"), self.zone(id[1:])
        name = q["name"][:-1]
        sets = []
        for n in sorted({name, "zzz." + zone.name}):  # the list goes on with the names behind the one asked for
            found = zone.at(n) if n == name else [type("R", (), {"value": "behind", "ttl": 1})]
            if found:
                sets.append(xml("ResourceRecordSet", xml("Name", n + "."), xml("Type", "TXT"), xml("TTL", found[0].ttl),
                                xml("ResourceRecords", *[xml("ResourceRecord", xml("Value", quoted(x.value))) for x in found])))
        return 200, xml("ListResourceRecordSetsResponse", xml("ResourceRecordSets", *sets))

    @route("POST", "/hostedzone/{id}/rrset")
    def change(self, r, id):
        zone, change = self.zone(id[1:]), r.xml().find("%sChangeBatch/%sChanges/%sChange" % (NS, NS, NS))
        rrset = change.find(NS + "ResourceRecordSet")
        name = rrset.find(NS + "Name").text[:-1]
        values = [unquoted(v.text) for v in rrset.findall("%sResourceRecords/%sResourceRecord/%sValue" % (NS, NS, NS))]
        assert rrset.find(NS + "Type").text == "TXT" and values
        ttl = int(rrset.find(NS + "TTL").text)
        if change.find(NS + "Action").text == "DELETE":
            have = zone.at(name)
            assert sorted(values) == sorted(x.value for x in have) and all(x.ttl == ttl for x in have)
            zone.put(name, "TXT", [])
        else:
            assert change.find(NS + "Action").text == "UPSERT"
            zone.put(name, "TXT", values, ttl)
        self.pending["C%d" % len(self.seen)] = 2
        return 200, xml("ChangeResourceRecordSetsResponse", xml("ChangeInfo", xml("Id", "/change/C%d" % len(self.seen)), xml("Status", "PENDING")))

    @route("GET", "/change/{id}")
    def state(self, r, id):
        self.pending[id] -= 1
        return 200, xml("GetChangeResponse", xml("ChangeInfo", xml("Id", "/change/" + id), xml("Status", "PENDING" if self.pending[id] > 0 else "INSYNC")))


class Route53Session(Route53):
    variant = "session"
    session = "session-token-0123456789+/="
    env = {**Route53.env, "AWS_SESSION_TOKEN": session}
    optional = ("AWS_REGION", "AWS_SESSION_TOKEN")


class Route53Profile(Route53):
    variant = "profile"
    env = {"AWS_PROFILE": "dns", "AWS_SHARED_CREDENTIALS_FILE": "/etc/aws"}
    files = {"/etc/aws": "[default]\naws_access_key_id = WRONG\n[dns]\naws_access_key_id = AKIDEXAMPLE0123\n"
                         "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n"}
    optional = ("AWS_PROFILE",)
    wrong = {}

    def authorize(self, r):
        self.env = Route53.env
        Route53.authorize(self, r)
        self.env = type(self).env


class Route53Instance(Route53):
    """The role of an EC2 instance (IMDSv2): https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html"""
    variant = "instance"
    env = {}
    wrong = {}
    session = "instance-session-token-0123"
    open_routes = ("token", "roles", "role")

    def authorize(self, r):
        self.env = Route53.env
        Route53.authorize(self, r)
        self.env = type(self).env

    @route("PUT", "http://169.254.169.254/latest/api/token")
    def token(self, r):
        assert r.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600"
        return 200, "imds-token-0123"

    @route("GET", "http://169.254.169.254/latest/meta-data/iam/security-credentials/")
    def roles(self, r):
        assert r.header("x-aws-ec2-metadata-token") == "imds-token-0123"
        return 200, "dns-role"

    @route("GET", "http://169.254.169.254/latest/meta-data/iam/security-credentials/dns-role")
    def role(self, r):
        assert r.header("x-aws-ec2-metadata-token") == "imds-token-0123"
        return 200, {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": Route53.env["AWS_ACCESS_KEY_ID"],
                     "SecretAccessKey": Route53.env["AWS_SECRET_ACCESS_KEY"], "Token": self.session, "Expiration": "2030-01-01T00:00:00Z"}


class Route53Assumed(Route53):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html; its own signature is tried by the other conversations."""
    variant = "assumed-role"
    env = {"AWS_ACCESS_KEY_ID": "AKIDOTHER", "AWS_SECRET_ACCESS_KEY": "other-secret-0123", "AWS_ASSUME_ROLE_ARN": "arn:aws:iam::1:role/dns",
           "AWS_REGION": "eu-central-1"}
    optional = ("AWS_REGION", "AWS_ASSUME_ROLE_ARN")
    wrong = {}
    session = "assumed-session-0123"
    open_routes = ("assume",)

    def authorize(self, r):
        self.env = Route53.env
        Route53.authorize(self, r)
        self.env = type(self).env

    @route("POST", "https://sts.eu-central-1.amazonaws.com/")
    def assume(self, r):
        r.form({"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/dns", "RoleSessionName": "signet"})
        assert "Credential=AKIDOTHER/" in r.header("authorization") and "/eu-central-1/sts/aws4_request" in r.header("authorization")
        return 200, xml("AssumeRoleResponse", xml("AssumeRoleResult", xml("Credentials", xml("AccessKeyId", Route53.env["AWS_ACCESS_KEY_ID"]),
                        xml("SecretAccessKey", Route53.env["AWS_SECRET_ACCESS_KEY"]), xml("SessionToken", self.session))))


class Route53Web(Route53Instance):
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""
    variant = "web-identity"
    env = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/dns", "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/token"}
    files = {"/var/run/token": "eyJhbGciOi.web-identity\n"}
    session = "web-session-0123"
    open_routes = ("assume",)

    @route("POST", "https://sts.us-east-1.amazonaws.com/")
    def assume(self, r):
        r.form({"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": "arn:aws:iam::1:role/dns", "RoleSessionName": "signet",
                "WebIdentityToken": "eyJhbGciOi.web-identity"})
        assert not r.header("authorization")
        return 200, xml("AssumeRoleWithWebIdentityResponse", xml("AssumeRoleWithWebIdentityResult", xml("Credentials", xml(
            "AccessKeyId", Route53.env["AWS_ACCESS_KEY_ID"]), xml("SecretAccessKey", Route53.env["AWS_SECRET_ACCESS_KEY"]), xml("SessionToken", self.session))))


class Route53Container(Route53Instance):
    """A task of ECS: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html"""
    variant = "container"
    env = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/0123-uuid"}
    session = "task-session-0123"
    open_routes = ("task",)

    @route("GET", "http://169.254.170.2/v2/credentials/0123-uuid")
    def task(self, r):
        return self.role_of(r)

    def role_of(self, r):
        return 200, {"RoleArn": "arn:aws:iam::1:role/dns", "AccessKeyId": Route53.env["AWS_ACCESS_KEY_ID"], "SecretAccessKey": Route53.env["AWS_SECRET_ACCESS_KEY"],
                     "Token": self.session, "Expiration": "2030-01-01T00:00:00Z"}


class Route53Pod(Route53Container):
    """A pod of EKS: https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html"""
    variant = "pod"
    env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/var/run/pod-token"}
    files = {"/var/run/pod-token": "eyJhbGciOi.pod-token"}
    open_routes = ("pod",)

    @route("GET", "http://169.254.170.23/v1/credentials")
    def pod(self, r):
        assert r.header("authorization") == "eyJhbGciOi.pod-token"
        return self.role_of(r)


class Route53SourceProfile(Route53Assumed):
    """https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-role.html"""
    variant = "source-profile"
    env = {"AWS_PROFILE": "dns", "AWS_REGION": "eu-central-1"}
    optional = ("AWS_REGION", "AWS_PROFILE")
    files = {"~/.aws/config": "[profile dns]\nrole_arn = arn:aws:iam::1:role/dns\nsource_profile = base\n[profile base]\nregion = eu-central-1\n",
             "~/.aws/credentials": "[default]\naws_access_key_id = WRONG\n[base]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = other-secret-0123\n"}


class Route53Config(Route53Profile):
    """Keys in the configuration, where "aws configure" does not put them, but people do."""
    variant = "config"
    env = {"AWS_PROFILE": "dns"}
    files = {"~/.aws/config": Route53Profile.files["/etc/aws"].replace("[dns]", "[profile dns]"), "~/.aws/credentials": ""}
