import HTTPTransfer

/// Where a token may be asked for, and who may get a password: whoever makes the registry's answers chooses the realm.
enum RealmRules {
    /// Second-level names under which strangers register side by side.
    private static let sharedSuffixes: Set<String> = [
        "amazonaws.com", "azurecr.io", "azurewebsites.net", "cloudfront.net", "appspot.com", "run.app", "github.io",
        "gitlab.io", "herokuapp.com", "pkg.dev", "web.app", "workers.dev", "pages.dev", "vercel.app", "netlify.app",
        "digitaloceanspaces.com", "ngrok.io", "ngrok.app", "fly.dev", "onrender.com", "blogspot.com",
    ]
    /// Second-level parts that stand for a country's own top-level domains.
    private static let nationalParts: Set<String> = ["ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"]
    /// Realms on another domain than their registry's, that are known to be its own.
    private static let known: [String: Set<String>] = [
        "registry-1.docker.io": ["auth.docker.io"], "nvcr.io": ["authn.nvidia.com"],
    ]

    /// - Throws: `OCIRegistryError.Code.protocolViolation` for a realm that must not be asked at all.
    static func check(_ realm: HTTPAddress, registry: HTTPAddress) throws(OCIRegistryError) {
        guard realm.scheme == .https || registry.scheme == .http else {
            throw OCIRegistryError(
                .protocolViolation, "\(registry.authority) wants its token to be asked for without TLS, at \(realm)")
        }
        guard NetworkPlace.mayLead(from: registry.host, to: realm.host) else {
            throw OCIRegistryError(
                .protocolViolation,
                "\(registry.authority) wants its token to be asked for at \(realm), an address of the local network",
                hint: "only a registry that is there itself may do so")
        }
    }

    /// Whether a stored login for the registry may go to this realm.
    static func mayGetPassword(_ realm: HTTPAddress, registry: HTTPAddress) -> Bool {
        if realm.host == registry.host || known[registry.host]?.contains(realm.host) == true { return true }
        guard let own = registrableDomain(registry.host) else { return false }
        return own == registrableDomain(realm.host)
    }

    /// The part of a name that one owner registered, as far as can be told without the list of public suffixes: two
    /// labels, or three. `nil` for an address, and a name of one label.
    static func registrableDomain(_ host: String) -> String? {
        guard NetworkPlace(host: host) == .elsewhere, !host.contains(":") else { return nil }
        let labels = host.split(separator: ".")
        guard labels.count >= 2 else { return nil }
        let two = labels.suffix(2).joined(separator: ".")
        // Below a shared name even the third label may be a region, and no owner: then only the same host will do.
        if sharedSuffixes.contains(two) { return nil }
        let isNational = labels[labels.count - 1].count == 2 && nationalParts.contains(String(labels[labels.count - 2]))
        guard isNational else { return two }
        return labels.count >= 3 ? labels.suffix(3).joined(separator: ".") : nil
    }
}
