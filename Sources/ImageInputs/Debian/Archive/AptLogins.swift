package import HTTPTransfer

/// The logins with which a machine's apt reaches its mirrors (apt_auth.conf(5)).
package struct AptLogins: Hashable, Sendable {
    private struct Entry: Hashable, Sendable {
        /// `nil` for an entry that names none, which apt uses for `https` alone.
        var scheme: String?
        var host: String
        var port: Int?
        var path: String
        var credentials: HTTPAddress.Credentials
    }

    private var entries: [Entry] = []

    /// Reads the texts of `auth.conf` and the files of `auth.conf.d`. What cannot be read is skipped.
    package init(_ files: [String] = []) {
        for text in files where text.utf8.count <= 1 << 20 { read(text) }
    }

    /// Returns an address with the login for it, unless it has one already.
    package func applied(to address: HTTPAddress) -> HTTPAddress {
        guard address.credentials == nil, let entry = entries.first(where: { Self.matches($0, address) }) else {
            return address
        }
        var address = address
        address.credentials = entry.credentials
        return address
    }

    private static func matches(_ entry: Entry, _ address: HTTPAddress) -> Bool {
        (entry.scheme ?? "https") == address.scheme.rawValue && entry.host == address.host
            && (entry.port ?? address.port) == address.port
            && (entry.path.isEmpty || address.path == entry.path
                || address.path.hasPrefix(entry.path.hasSuffix("/") ? entry.path : entry.path + "/"))
    }

    /// Reads `machine NAME login USER password WORD`, on one line or on several.
    private mutating func read(_ text: String) {
        let lines = text.split(whereSeparator: \.isNewline).filter { $0.first { $0 != " " } != "#" }
        var words = lines.flatMap { $0.split(whereSeparator: \.isWhitespace).map(String.init) }[...]
        var (machine, login): (String?, String?) = (nil, nil)
        while let word = words.popFirst() {
            switch word {
            case "machine": (machine, login) = (words.popFirst(), nil)
            case "login": login = words.popFirst()
            case "password":
                guard let password = words.popFirst(), let machine, let login else { break }
                if let entry = Self.entry(machine, .init(user: login, password: password)) { entries.append(entry) }
            default: break
            }
        }
    }

    private static func entry(_ machine: String, _ credentials: HTTPAddress.Credentials) -> Entry? {
        let hasScheme = machine.contains("://")
        guard let address = try? HTTPAddress(hasScheme ? machine : "https://" + machine) else { return nil }
        let place = machine.firstRange(of: "://").map { machine[$0.upperBound...] } ?? machine[...]
        let hasPort = place.prefix { $0 != "/" }.contains(":")
        return Entry(
            scheme: hasScheme ? address.scheme.rawValue : nil, host: address.host, port: hasPort ? address.port : nil,
            path: place.contains("/") ? address.path : "", credentials: credentials)
    }
}
