import DurableFiles
import OCIModel
package import SystemPackage

/// Public OpenPGP keys in a file that `gpgv` reads: it takes no armour, and only absolute paths.
package struct OpenPGPKeys: Hashable, Sendable {
    /// The binary keys, one file after another.
    package let bytes: [UInt8]

    /// The most bytes of a file of keys.
    private static let limit: Int64 = 4 << 20

    /// Reads files of public keys, armoured or not.
    ///
    /// - Throws: `ReleaseError` `.refused` for a file that is missing or is no public key.
    package init(_ files: [FilePath]) throws {
        var all: [UInt8] = []
        for file in files {
            guard let bytes = try FileSystem.read(file, limit: Self.limit) else {
                throw ReleaseError(
                    .refused, "there is no public key \(file)", hint: "export it with gpg --export --armor")
            }
            guard let keys = Self.binary(bytes) else {
                throw ReleaseError(
                    .refused, "\(file) is not a public OpenPGP key", hint: "export it with gpg --export --armor")
            }
            all += keys
        }
        bytes = all
    }

    /// Returns the keys without armour (RFC 9580, 6); `nil` for anything that does not begin with a public key's packet.
    private static func binary(_ bytes: [UInt8]) -> [UInt8]? {
        let mark = "-----BEGIN PGP PUBLIC KEY BLOCK-----"
        guard bytes.starts(with: mark.utf8) || !isKey(bytes) else { return bytes }
        let lines = String(decoding: bytes, as: UTF8.self).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        var (keys, text) = ([UInt8](), "")
        var state = State.outside
        for line in lines {
            switch state {
            case .outside: if line == mark { (state, text) = (.headers, "") }
            case .headers: if line.allSatisfy({ $0 == " " }) { state = .data }
            case .data where line.hasPrefix("-----END") || line.hasPrefix("="):
                guard let block = Base64.decode(text), isKey(block) else { return nil }
                keys += block
                state = .outside
            case .data: text += line
            }
        }
        return keys.isEmpty || state != .outside ? nil : keys
    }

    private enum State { case outside, headers, data }

    /// Returns whether bytes begin with the packet of a public key, tag 6 in either form.
    private static func isKey(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, first & 0x80 != 0 else { return false }
        return (first & 0x40 != 0 ? first & 0x3f : (first >> 2) & 0x0f) == 6
    }
}
