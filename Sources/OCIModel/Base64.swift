import FoundationEssentials

/// Standard base 64 with padding (RFC 4648, section 4), in which records of Windows layers hold binary values.
package enum Base64 {
    package static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// Decodes a text; `nil` unless it consists of whole groups of the alphabet with their padding.
    package static func decode(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }
}
