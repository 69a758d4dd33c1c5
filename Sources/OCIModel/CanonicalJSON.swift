import FoundationEssentials

/// The encoder of every document that this project writes: keys are sorted, there is no white space, and slashes are
/// not escaped.
///
/// There must be only one, because the bytes determine the digest. Golden tests pin them.
package enum CanonicalJSON {
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    /// Encodes a value in the same way but indented and with a newline at the end, for files that people read and
    /// review.
    package static func encodeForReading(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return Array(try encoder.encode(value)) + [UInt8(ascii: "\n")]
    }

    /// Decodes a document of others.
    ///
    /// - Throws: What `decode(_:from:)` throws, also for a document that other readers may understand in another way.
    package static func decode<Value: Decodable>(
        _ type: Value.Type, ofOthers bytes: [UInt8], knowing known: KnownKeys = .document
    ) throws -> Value {
        if let flaw = DocumentText.flaw(of: bytes, knowing: known) { throw OCIModelError(.invalidDocument, flaw) }
        return try decode(type, from: bytes)
    }

    /// Decodes a document.
    ///
    /// - Throws: `OCIModelError` with the code `invalidDocument`, whose message says what is wrong at which place: a phrase
    ///   for the end of a sentence; the errors of the type itself.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]) throws -> Value {
        do { return try JSONDecoder().decode(type, from: Data(bytes)) } catch let error as DecodingError {
            throw OCIModelError(.invalidDocument, error.account)
        }
    }
}

extension DecodingError {
    /// A description of what could not be decoded, and where in the document.
    fileprivate var account: String {
        switch self {
        case .keyNotFound(let key, let context): "'\(key.stringValue)' is missing" + Self.place(context.codingPath)
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "a value of the wrong type" + Self.place(context.codingPath)
        case .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is not JSON" + (context.underlyingError.map { ": \($0)" } ?? "")
                : context.debugDescription + Self.place(context.codingPath)
        @unknown default: "\(self)"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        guard !path.isEmpty else { return "" }
        return " in '" + path.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }.joined(separator: ".") + "'"
    }
}
