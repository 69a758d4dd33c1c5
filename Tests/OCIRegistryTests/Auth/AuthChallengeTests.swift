import HTTPTransfer
import Testing

@testable import OCIRegistry

@Suite struct AuthChallengeTests {
    @Test func `row 31: the usual challenge, with commas inside its scope`() {
        let challenges = AuthChallenge.parse([
            #"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#
        ])
        #expect(
            challenges == [
                AuthChallenge(
                    scheme: "bearer",
                    parameters: [
                        "realm": "https://auth.docker.io/token", "service": "registry.docker.io",
                        "scope": "repository:a/b:pull,push",
                    ])
            ])
    }

    @Test func `row 31: several schemes in one field and several fields`() {
        let challenges = AuthChallenge.parse([
            #"Negotiate, NTLM abc/def==, BASIC Realm = "a \"quoted\" \\ thing" , charset=UTF-8 , bEaReR SERVICE=x,realm=https://h/t"#,
            #"Digest realm="d", qop="auth,auth-int""#,
        ])
        #expect(challenges.map(\.scheme) == ["negotiate", "ntlm", "basic", "bearer", "digest"])
        #expect(challenges[2].parameters == ["realm": #"a "quoted" \ thing"#, "charset": "UTF-8"])
        #expect(challenges[3].parameters == ["service": "x", "realm": "https://h/t"])
        #expect(challenges[4].parameters["qop"] == "auth,auth-int")
    }

    @Test(arguments: [
        "", ",,,", "=", "\"", "Bearer realm=\"open", "Bearer =x", "==", "Bearer realm", "\u{0}\u{1}", "a=b",
        "Bearer , , x==,",
    ])
    func `a malformed challenge does no harm`(field: String) {
        for challenge in AuthChallenge.parse([field]) { #expect(!challenge.scheme.isEmpty) }
    }

    @Test func `reading a field of any length ends`() {
        let many = AuthChallenge.parse(Array(repeating: String(repeating: "Basic, ", count: 10_000), count: 10))
        #expect(many.count == 32)
    }

    @Test func `bearer is chosen before basic, with its realm made absolute`() throws {
        let address = try HTTPAddress("https://registry.example/v2/a/manifests/1")
        let both = AuthChallenge.parse([#"Basic realm="x""#, #"Bearer realm="/token""#])
        let scheme = try AuthScheme(choosing: both, from: address)
        #expect(scheme == .bearer(.init(realm: try HTTPAddress("https://registry.example/token"), service: nil)))
        #expect(try AuthScheme(choosing: AuthChallenge.parse(["Basic"]), from: address) == .basic)
    }

    @Test func `other schemes are refused by name`() throws {
        let address = try HTTPAddress("https://registry.example/v2/")
        let error = try #require(throws: OCIRegistryError.self) {
            try AuthScheme(choosing: AuthChallenge.parse(["Negotiate", "Digest realm=x"]), from: address)
        }
        #expect(error.code == .unsupported)
        #expect(error.message.contains("digest, negotiate"))
        #expect(throws: OCIRegistryError.self) {
            try AuthScheme(choosing: AuthChallenge.parse(["Bearer service=x"]), from: address)
        }
    }
}

@Suite struct RealmRulesTests {
    @Test(arguments: [
        "http://auth.example/token", "https://169.254.169.254/token", "https://metadata.google.internal/t",
        "https://10.0.0.1/token", "https://localhost/token", "https://[::1]/token",
    ])
    func `row 32: an unsafe realm is not contacted`(realm: String) throws {
        let registry = try HTTPAddress("https://registry.example/v2/")
        #expect(throws: OCIRegistryError.self) { try RealmRules.check(HTTPAddress(realm), registry: registry) }
    }

    @Test(arguments: [
        ("registry-1.docker.io", "auth.docker.io", true), ("ghcr.io", "ghcr.io", true),
        ("registry.gitlab.com", "gitlab.com", true), ("nvcr.io", "authn.nvidia.com", true),
        ("registry.example.co.uk", "auth.example.co.uk", true), ("registry.example.co.uk", "auth.other.co.uk", false),
        ("registry.example", "evil.test", false), ("ghcr.io", "ghcr.io.evil.test", false),
        ("a.azurecr.io", "b.azurecr.io", false), ("a.azurecr.io", "a.azurecr.io", true),
        ("x.dkr.ecr.eu-west-1.amazonaws.com", "evil.eu-west-1.amazonaws.com", false),
        ("127.0.0.1", "127.0.0.1", true), ("10.0.0.1", "10.0.0.2", false), ("registry", "auth", false),
    ])
    func `row 32: a password is sent only to the registry's own realm`(
        registry: String, realm: String, isAllowed: Bool
    ) throws {
        let registry = try HTTPAddress("https://\(registry)/v2/")
        let realm = try HTTPAddress("https://\(realm)/token")
        #expect(RealmRules.mayGetPassword(realm, registry: registry) == isAllowed)
    }
}

@Suite struct TokenAnswerTests {
    @Test func `a token is used until shortly before it expires`() throws {
        let answers = [
            (#"{"token":"t","expires_in":300}"#, 270), (#"{"access_token":"t","expires_in":100}"#, 80),
            // Sixty if the answer states nothing, or less.
            (#"{"token":"t"}"#, 48), (#"{"token":"t","expires_in":3}"#, 48),
            (#"{"token":"","access_token":"t","expires_in":1e300}"#, 48),
        ]
        for (text, seconds) in answers {
            let answer = try #require(TokenAnswer(Array(text.utf8)))
            #expect(answer.token == "t")
            #expect(answer.use == .seconds(seconds), "\(text)")
        }
    }

    @Test(arguments: ["", "{}", #"{"token":""}"#, #"{"token":"a\r\nX: y"}"#, "<html>", "[]", #"{"token":5}"#])
    func `an answer without a token is refused`(text: String) { #expect(TokenAnswer(Array(text.utf8)) == nil) }
}
