import DurableFiles
import HTTPTransfer
import OCIContent
import OCIModel
import SystemPackage

/// A login file in Docker's or containers' format: `auths`, `credHelpers`, `credsStore`, and any other content, which
/// is preserved. In the old format (`.dockercfg`), the content of `auths` is the whole file.
struct AuthFile {
    private static let sizeLimit: Int64 = 4 << 20
    /// Docker Hub's key, for historical reasons.
    private static let dockerHubKey = "https://index.docker.io/v1/"

    let path: FilePath
    private(set) var document: [String: JSONValue]
    private var isOld = false

    /// Creates an empty file that is not written yet.
    init(new path: FilePath) {
        self.path = path
        document = [:]
    }

    /// Reads a file.
    ///
    /// - Returns: `nil` if the file does not exist.
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration` if the file cannot be read or is not JSON.
    init?(reading path: FilePath, isOld: Bool = false) throws(OCIRegistryError) {
        let bytes: [UInt8]
        do {
            guard let read = try FileSystem.read(path, limit: Self.sizeLimit) else { return nil }
            bytes = read
        } catch {
            throw OCIRegistryError(.invalidConfiguration, "cannot read the login file: \(error)")
        }
        self.path = path
        self.isOld = isOld
        // `podman logout` may leave an empty file.
        guard !bytes.isEmpty else {
            document = [:]
            return
        }
        guard case .object(let members)? = try? CanonicalJSON.decode(JSONValue.self, from: bytes) else {
            throw OCIRegistryError(
                .invalidConfiguration, "the login file \(path) is not a JSON object",
                hint: "correct or remove it, then log in again")
        }
        document = members
    }

    private var auths: [String: JSONValue] {
        get { isOld ? document : (document["auths"] ?? .null).members }
        set { if isOld { document = newValue } else { document["auths"] = .object(newValue) } }
    }

    /// Returns the name that helpers and the tools that write these files use for a registry.
    static func key(of host: RegistryHost) -> String { host == .dockerHub ? dockerHubKey : host.description }

    /// Returns the helper that keeps a registry's login: the registry's own, otherwise the general one.
    func helper(for host: RegistryHost) -> String? {
        guard !isOld else { return nil }
        let own = (document["credHelpers"] ?? .null).members.first { Self.names($0.key, host) }?.value.string
        let name = own ?? document["credsStore"]?.string
        return name.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Returns the login in the file itself, for the longest part of `host/repository` that has one.
    func login(for host: RegistryHost, repository: RepositoryName?) throws(OCIRegistryError) -> RegistryLogin? {
        let auths = auths
        var parts = [host.description] + (repository?.parts ?? []).map(String.init)
        while parts.count > 1 {
            let key = parts.joined(separator: "/")
            if let entry = auths[key], let login = try login(entry.members, key) { return login }
            parts.removeLast()
        }
        // Exact keys come before equivalent ones, in a fixed order.
        let keys = auths.keys.filter { Self.names($0, host) }.sorted()
        for key in keys.filter({ $0 == parts[0] }) + keys.filter({ $0 != parts[0] }) {
            if let login = try login(auths[key]?.members ?? [:], key) { return login }
        }
        return nil
    }

    /// Returns whether a key belongs to this registry: its host, or an address with that host, whatever follows.
    private static func names(_ key: String, _ host: RegistryHost) -> Bool {
        var rest = Substring(key)
        for scheme in ["https://", "http://"] where key.hasPrefix(scheme) {
            rest = key.dropFirst(scheme.count).prefix { $0 != "/" }
        }
        return (try? RegistryHost(String(rest))) == host
    }

    private func login(_ entry: [String: JSONValue], _ key: String) throws(OCIRegistryError) -> RegistryLogin? {
        // A registry token needs nothing else, so it comes before everything else.
        if let token = entry["registrytoken"]?.string, !token.isEmpty {
            guard token.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
                throw OCIRegistryError(
                    .invalidConfiguration, "the registrytoken for \(quoted(key)) in \(path) is not a valid token",
                    hint: "log in again")
            }
            return .accessToken(token)
        }
        var user = entry["username"]?.string ?? ""
        var password = entry["password"]?.string ?? ""
        if let text = entry["auth"]?.string, !text.isEmpty {
            guard let bytes = Base64.decode(text), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
                throw OCIRegistryError(
                    .invalidConfiguration, "the login for \(quoted(key)) in \(path) is not user:password in base64",
                    hint: "log in again")
            }
            let secret = bytes[(colon + 1)...].reversed().drop { $0 == 0 }.reversed()
            user = String(decoding: bytes[..<colon], as: UTF8.self)
            password = String(decoding: secret, as: UTF8.self)
        }
        if let token = entry["identitytoken"]?.string, !token.isEmpty {
            return .identityToken(token, user: user.isEmpty || user == RegistryLogin.tokenUser ? nil : user)
        }
        return user.isEmpty && password.isEmpty ? nil : RegistryLogin(user: user, password: password)
    }
}

extension AuthFile {
    /// Replaces the registry's present logins by another; `nil` removes them.
    ///
    /// - Returns: Whether there were any.
    @discardableResult
    mutating func set(_ login: RegistryLogin?, for host: RegistryHost) -> Bool {
        var auths = auths
        let old = auths.keys.filter { Self.names($0, host) }
        for key in old { auths[key] = nil }
        if let credentials = login?.basic {
            var entry: [String: JSONValue] = [:]
            if case .identityToken(let token, let user) = login {
                entry["identitytoken"] = .text(token)
                entry["auth"] = .text(Base64.encode(Array("\(user ?? RegistryLogin.tokenUser):".utf8)))
            } else {
                entry["auth"] = .text(Base64.encode(Array("\(credentials.user):\(credentials.password)".utf8)))
            }
            auths[Self.key(of: host)] = .object(entry)
        }
        self.auths = auths
        return !old.isEmpty
    }

    /// Returns whether the file itself has a login for the registry.
    func has(_ host: RegistryHost) -> Bool {
        auths.keys.contains { Self.names($0, host) }
    }

    /// Replaces the file atomically, readable only by its owner, and creates its folder.
    ///
    /// - Throws: `OCIRegistryError.Code.invalidConfiguration`.
    func write() throws(OCIRegistryError) {
        do {
            try FileSystem.makeDirectories(path.removingLastComponent())
            try FileSystem.write(CanonicalJSON.encodeForReading(document), to: path, permissions: [.ownerReadWrite])
        } catch {
            throw OCIRegistryError(.invalidConfiguration, "cannot write the login file: \(error)")
        }
    }
}

extension JSONValue {
    fileprivate var string: String? {
        if case .text(let text) = self { text } else { nil }
    }
}
