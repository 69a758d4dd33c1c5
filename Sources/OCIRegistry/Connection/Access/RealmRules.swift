import HTTPTransfer

/// The rules for where a token may be requested and who may receive a password: whoever creates the registry's answers
/// chooses the realm.
enum RealmRules {
    /// The second-level names under which unrelated owners register side by side.
    private static let sharedSuffixes: Set<String> = [
        "amazonaws.com", "azurecr.io", "azurewebsites.net", "cloudfront.net", "appspot.com", "run.app", "github.io",
        "gitlab.io", "herokuapp.com", "pkg.dev", "web.app", "workers.dev", "pages.dev", "vercel.app", "netlify.app",
        "digitaloceanspaces.com", "ngrok.io", "ngrok.app", "fly.dev", "onrender.com", "blogspot.com",
    ]
    /// The second-level parts that belong to a country's top-level domain.
    private static let nationalParts: Set<String> = ["ac", "co", "com", "edu", "gov", "ne", "net", "or", "org"]
    /// The realms on another domain than their registry's that are known to belong to it.
    private static let known: [String: Set<String>] = [
        "registry-1.docker.io": ["auth.docker.io"], "nvcr.io": ["authn.nvidia.com"],
    ]

    /// Checks a realm.
    ///
    /// - Throws: `OCIRegistryError.Code.protocolViolation` if the realm must not be contacted at all.
    static func check(_ realm: HTTPAddress, registry: HTTPAddress) throws(OCIRegistryError) {
        guard realm.scheme == .https || registry.scheme == .http else {
            throw OCIRegistryError(
                .protocolViolation, "\(registry.authority) asks for its token to be requested without TLS, at \(realm)")
        }
        guard NetworkPlace.mayLead(from: registry.host, to: realm.host) else {
            throw OCIRegistryError(
                .protocolViolation,
                "\(registry.authority) asks for its token to be requested at \(realm), an address of the local network",
                hint: "only a registry that is in the local network itself may do so")
        }
    }

    /// Returns whether a stored login for the registry may be sent to this realm.
    static func mayGetPassword(_ realm: HTTPAddress, registry: HTTPAddress) -> Bool {
        if realm.host == registry.host || known[registry.host]?.contains(realm.host) == true { return true }
        guard let own = registrableDomain(registry.host) else { return false }
        return own == registrableDomain(realm.host)
    }

    /// Returns the part of a name that one owner registered, as far as it can be told without the list of public
    /// suffixes: two labels, or three. `nil` for an address, and for a name of one label.
    static func registrableDomain(_ host: String) -> String? {
        guard NetworkPlace(host: host) == .elsewhere, !host.contains(":") else { return nil }
        let labels = host.split(separator: ".")
        guard labels.count >= 2 else { return nil }
        let two = labels.suffix(2).joined(separator: ".")
        // Below a shared name, even the third label may be a region and not an owner, so only the same host is
        // accepted.
        if sharedSuffixes.contains(two) { return nil }
        let isNational = labels[labels.count - 1].count == 2 && nationalParts.contains(String(labels[labels.count - 2]))
        guard isNational else { return two }
        return labels.count >= 3 ? labels.suffix(3).joined(separator: ".") : nil
    }
}
