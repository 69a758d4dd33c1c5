package import OCIModel

/// The contents of a signed `Release`, read only from verified text.
package struct SuiteRelease: Hashable, Sendable {
    /// The size and digest of one file of the suite.
    package struct File: Hashable, Sendable {
        /// The size in bytes.
        package var size: Int64
        package var sha256: Digest
        package init(size: Int64, sha256: Digest) {
            self.size = size
            self.sha256 = sha256
        }
    }

    package var suite: String
    package var codename: String
    /// The version, such as `13.7`; absent in suites that are never released.
    package var version: String?
    package var date: Timestamp
    package var validUntil: Timestamp?
    /// Whether files are available under `by-hash/SHA256/`, where a mirror's update cannot replace them midway.
    package var acquireByHash: Bool
    /// The files by path relative to the suite's folder: `main/binary-amd64/Packages.xz`.
    package var files: [String: File]

    /// Parses the text that the signature covers.
    ///
    /// - Throws: `DebianFormatError(.corrupt)` if a field is missing, there is a second stanza, or a path is listed
    ///   twice with different digests.
    package init(signedText: [UInt8]) throws(DebianFormatError) {
        var reader = StanzaReader(signedText[...])
        guard let stanza = reader.next(), reader.next() == nil else {
            throw DebianFormatError(.corrupt, "cannot read the Release: it is not one stanza")
        }
        suite = try stanza.value("Suite") ?? ""
        codename = try stanza.value("Codename") ?? ""
        version = try stanza.value("Version")
        date = try Timestamp(releaseDate: stanza.required("Date"))
        validUntil = try stanza.value("Valid-Until").map { (text) throws(DebianFormatError) in
            try Timestamp(releaseDate: text)
        }
        acquireByHash = try stanza.value("Acquire-By-Hash")?.lowercased() == "yes"
        files = try Self.files(stanza.required("SHA256"))
    }

    private static func files(_ list: String) throws(DebianFormatError) -> [String: File] {
        var files: [String: File] = [:]
        for line in list.utf8.split(separator: UInt8(ascii: "\n")) {
            let words = line.split(separator: UInt8(ascii: " ")).map { String($0) ?? "" }
            guard words.count == 3, let digest = try? Digest(hex: words[0]), let size = Int64(words[1]), size >= 0
            else {
                throw DebianFormatError(
                    .corrupt, "cannot read the Release's SHA256 list: '\(String(line)?.prefix(160) ?? "")'")
            }
            let file = File(size: size, sha256: digest)
            guard files.updateValue(file, forKey: words[2]) ?? file == file else {
                throw DebianFormatError(.corrupt, "the Release lists \(words[2]) twice with different digests")
            }
            guard files.count <= 200_000 else {
                throw DebianFormatError(.corrupt, "the Release lists more than 200000 files")
            }
        }
        return files
    }
}

extension SuiteRelease {
    /// Returns the `Packages` file that a listed `Packages.xz` contains; Debian lists both.
    package func uncompressed(_ path: String) -> File? {
        path.hasSuffix(".xz") ? files[String(path.dropLast(3))] : nil
    }

    /// Refuses a decompressed index that is not the one that the Release lists.
    package func checkUncompressed(_ bytes: [UInt8], of path: String, suite: String) throws(DebianFormatError) {
        guard let listed = uncompressed(path) else { return }
        guard listed.size == bytes.count, listed.sha256 == Digest(of: bytes) else {
            throw DebianFormatError(
                .corrupt, "\(path) of \(suite), decompressed, is not the file that its Release lists",
                hint: "the copy is damaged; fetch it again")
        }
    }
}
