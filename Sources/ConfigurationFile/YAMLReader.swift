import CYAML

/// Reads one YAML document from libyaml's events. Only this file uses the library.
///
/// Every scalar stays as it is written: 3.10 stays 3.10.
struct YAMLReader {
    /// An error that ends the reading, because nothing after its position has a meaning.
    struct Failure: Error {
        var message: String
        var position: Diagnostic.Position?
        var hint: String?
    }

    /// The limit on nesting, of which a definition needs six levels; the reader's recursion must not exhaust the stack.
    private static let deepest = 100

    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let findings: Findings

    /// Reads the only document of `text`, reporting anchors and tags; returns `nil` if there is no document.
    static func read(_ text: String, _ findings: Findings) throws(Failure) -> YAMLNode? {
        // The library keeps the addresses of its state and of the text.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw Failure(message: "out of memory") }
        defer { yaml_parser_delete(parser) }
        let bytes = ContiguousArray(text.utf8)
        return try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            return try YAMLReader(parser: parser, findings: findings).document()
        }
    }

    private func document() throws(Failure) -> YAMLNode? {
        _ = try next()  // the stream's start
        guard try next().kind != .streamEnd else { return nil }
        let root = try node(next(), depth: 1)
        _ = try next()  // the document's end
        let event = try next()
        guard event.kind == .streamEnd else {
            throw Failure(message: "a second document", position: event.position, hint: "keep one of them")
        }
        return root
    }

    private func node(_ event: Event, depth: Int) throws(Failure) -> YAMLNode {
        guard depth <= Self.deepest else {
            throw Failure(message: "nested more than \(Self.deepest) levels deep", position: event.position)
        }
        if event.hasAnchor {
            findings.report(
                "an anchor: anchors and aliases are not accepted", at: event.position, hint: "write the value out")
        }
        if let tag = event.tag, tag != "!", !tag.hasPrefix("tag:yaml.org,2002:") {
            findings.report("the tag '\(tag)' is not accepted", at: event.position, hint: "remove it")
        }
        switch event.kind {
        case .scalar(let text, let isPlain):
            return YAMLNode(position: event.position, value: .scalar(text, isPlain: isPlain))
        case .sequenceStart:
            var items: [YAMLNode] = []
            while case let item = try next(), item.kind != .end { items.append(try node(item, depth: depth + 1)) }
            return YAMLNode(position: event.position, value: .sequence(items))
        case .mappingStart:
            var pairs: [(key: YAMLNode, value: YAMLNode)] = []
            while case let key = try next(), key.kind != .end {
                pairs.append((try node(key, depth: depth + 1), try node(next(), depth: depth + 1)))
            }
            try refuseRepeated(pairs.map(\.key))
            return YAMLNode(position: event.position, value: .mapping(pairs))
        case .alias, .end, .streamEnd, .other:
            throw Failure(
                message: "an alias: anchors and aliases are not accepted", position: event.position,
                hint: "write the value out")
        }
    }

    private func refuseRepeated(_ keys: [YAMLNode]) throws(Failure) {
        var first: [String: Diagnostic.Position] = [:]
        var repeated: Set<String> = []
        for key in keys {
            guard case .scalar(let name, _) = key.value else { continue }
            if first[name] == nil { first[name] = key.position } else { repeated.insert(name) }
        }
        let names = repeated.sorted()
        guard let name = names.first else { return }
        throw Failure(
            message: "given more than once in one mapping: " + names.map { "'\($0)'" }.joined(separator: ", "),
            position: first[name], hint: "keep one of them")
    }
}

extension YAMLReader {
    private struct Event {
        enum Kind: Equatable {
            case scalar(String, isPlain: Bool)
            case sequenceStart, mappingStart
            /// The end of a sequence or a mapping.
            case end
            case alias, streamEnd, other
        }

        var kind: Kind
        var position: Diagnostic.Position
        /// The tag, or `nil` if none is written or it says no more than the quotes.
        var tag: String?
        var hasAnchor = false
    }

    private func next() throws(Failure) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        let position = Diagnostic.Position(event.start_mark)
        switch event.type {
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return Event(
                kind: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), position: position,
                tag: scalar.quoted_implicit == 1 ? nil : Self.text(scalar.tag), hasAnchor: scalar.anchor != nil)
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return Event(
                kind: .sequenceStart, position: position, tag: start.implicit != 0 ? nil : Self.text(start.tag),
                hasAnchor: start.anchor != nil)
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return Event(
                kind: .mappingStart, position: position, tag: start.implicit != 0 ? nil : Self.text(start.tag),
                hasAnchor: start.anchor != nil)
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return Event(kind: .end, position: position)
        case YAML_ALIAS_EVENT: return Event(kind: .alias, position: position)
        case YAML_STREAM_END_EVENT: return Event(kind: .streamEnd, position: position)
        default: return Event(kind: .other, position: position)
        }
    }

    private static func text(_ characters: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        characters.map { String(cString: $0) }
    }

    private func failure() -> Failure {
        let state = parser.pointee
        guard let problem = state.problem else { return Failure(message: "cannot read the YAML: out of memory") }
        let message = "not valid YAML: \(String(cString: problem))"
        guard state.error != YAML_READER_ERROR else { return Failure(message: message) }
        let doing =
            state.context.map { " \(String(cString: $0)) that began at line \(state.context_mark.line + 1)" } ?? ""
        return Failure(message: message + doing, position: Diagnostic.Position(state.problem_mark))
    }
}

extension Diagnostic.Position {
    fileprivate init(_ mark: yaml_mark_t) { self.init(line: mark.line + 1, column: mark.column + 1) }
}
