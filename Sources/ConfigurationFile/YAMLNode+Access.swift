/// Plain access to a value of any shape, for files whose format belongs to somebody else.
extension YAMLNode {
    /// Returns the value of a mapping's key.
    package subscript(key: String) -> YAMLNode? {
        guard case .mapping(let pairs) = value else { return nil }
        return pairs.first { $0.key.text == key }?.value
    }

    /// The scalar's text; `nil` for anything else, and for nothing.
    package var text: String? {
        if case .scalar(let text, _) = value, !isNothing { text } else { nil }
    }

    /// The entries of a list; none for anything else.
    package var items: [YAMLNode] {
        if case .sequence(let items) = value { items } else { [] }
    }

    /// The entries of a mapping; none for anything else.
    package var pairs: [(key: YAMLNode, value: YAMLNode)] {
        if case .mapping(let pairs) = value { pairs } else { [] }
    }

    /// The texts of a list, or the only one.
    /// The scalar's text; `nil` for anything else, and for nothing.
    package var texts: [String] { text.map { [$0] } ?? items.compactMap(\.text) }
}
