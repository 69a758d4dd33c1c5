import OCIModel

/// The fields of a query string or form in order, decoded (`application/x-www-form-urlencoded`).
struct Query: Sendable {
    let items: [(name: String, value: String)]

    /// Reads a query string. Fields that cannot be decoded are left out, and so are those beyond the limit.
    init(_ text: String?) {
        items = (text ?? "").split(separator: "&").prefix(200).compactMap { item in
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let decoded = parts.map { PercentEncoding.decode($0.replacing("+", with: " ")) }
            guard let name = decoded.first ?? nil, let value = decoded.count > 1 ? decoded[1] : "" else { return nil }
            return (name, value)
        }
    }

    subscript(name: String) -> String? { items.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }
}
