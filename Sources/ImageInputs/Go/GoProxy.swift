import HTTPTransfer

/// The source of published Go modules and the authority for their sums, as Go's own variables define them.
package struct GoProxy: Hashable, Sendable {
    static let standard = "https://proxy.golang.org"
    private static let standardDatabase = "sum.golang.org"

    /// No module is taken past the proxies or past the database.
    private static let exemptFromNothing = [
        "GOPRIVATE": "", "GONOPROXY": "none", "GONOSUMDB": "none", "GONOSUMCHECK": "", "GOINSECURE": "",
    ]

    /// The module proxies in order of use. A version control system is never used: `direct` is left out.
    let addresses: [String]
    /// The database of sums; `nil` if none is used.
    let sumDatabase: String?
    /// The environment of a `go` command with a network.
    let environment: [String: String]

    /// Reads `GOPROXY`, `GOSUMDB` and the variables for leaving this network. A proxy that the user names is trusted
    /// without a database of sums unless `GOSUMDB` names one. What would exempt some modules from the database
    /// (`GONOSUMDB`, `GOPRIVATE`) is not read, because the lock says of all of them which database was asked.
    ///
    /// - Throws: `ImageInputsError` (`invalidAddress`) if `GOPROXY` names no proxy.
    package init(environment: [String: String]) throws(ImageInputsError) {
        func set(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let named = set("GOPROXY")
        addresses = (named ?? Self.standard).split(whereSeparator: { ",|".contains($0) }).map(String.init)
            .filter { $0 != "direct" && $0 != "off" }
        for address in addresses
        where !["https://", "http://", "file:///"].contains(where: { address.hasPrefix($0) }) {
            throw ImageInputsError(
                .invalidAddress, "GOPROXY: '\(address)' is not an address", hint: "write it as https://proxy.example")
        }
        guard !addresses.isEmpty else {
            throw ImageInputsError(
                .invalidAddress, "GOPROXY is '\(named ?? "")', which names no module proxy",
                hint: "modules are never taken from version control: set GOPROXY to a proxy, or unset it")
        }
        let database = set("GOSUMDB") ?? (named == nil ? Self.standardDatabase : "off")
        sumDatabase = database == "off" ? nil : database.split(separator: " ").first.map(String.init)
        var passed = ["GOPROXY": addresses.joined(separator: ","), "GOSUMDB": database]
        passed.merge(Self.exemptFromNothing) { _, ours in ours }
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
            for spelling in [name, name.lowercased()] { passed[spelling] = set(spelling) }
        }
        passed["SSL_CERT_FILE"] = set("SSL_CERT_FILE")
        self.environment = passed
    }

    /// Returns every address of a module's file; nothing in its path needs encoding (Go's reference, "Escaped paths").
    func addresses(of path: String, _ mirrors: DownloadMirrors) throws(ImageInputsError) -> [HTTPAddress] {
        var found: [HTTPAddress] = []
        for address in addresses where !address.hasPrefix("file:") {
            let base = address.hasSuffix("/") ? String(address.dropLast()) : address
            found += try mirrors.addresses(for: "\(base)/\(path)")
        }
        return found
    }
}
