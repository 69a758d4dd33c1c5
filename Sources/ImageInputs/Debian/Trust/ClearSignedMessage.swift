import DebianFormat

/// The frame of a clear-signed text (RFC 9580, section 7): one message, with nothing before or after it.
///
/// `gpgv` skips text around a message. Refusing it here ensures that no reader of the file, of whatever kind, can take
/// an unsigned line for a signed one.
enum ClearSignedMessage {
    /// Checks the frame of a text.
    ///
    /// - Throws: `ImageInputsError(.unsigned)` with what is wrong with the frame.
    static func check(_ bytes: [UInt8], of what: String) throws(ImageInputsError) {
        let lines = bytes[...].trimmed.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        func isMarker(_ line: ArraySlice<UInt8>, _ text: String) -> Bool { line.trimmed.elementsEqual(text.utf8) }
        func places(_ marker: String) -> [Int] { lines.indices.filter { isMarker(lines[$0], marker) } }
        let begin = places("-----BEGIN PGP SIGNED MESSAGE-----")
        let signature = places("-----BEGIN PGP SIGNATURE-----")
        let end = places("-----END PGP SIGNATURE-----")
        guard begin.count == 1, signature.count == 1, end.count == 1 else {
            let why = begin.isEmpty ? "it is not a clear-signed text" : "it is not exactly one signed message"
            throw ImageInputsError(.unsigned, "\(what) is not signed correctly: \(why)")
        }
        guard begin[0] == 0, end[0] == lines.count - 1, signature[0] < end[0] else {
            throw ImageInputsError(
                .unsigned, "\(what) has unsigned text before or after its signed part")
        }
    }
}
