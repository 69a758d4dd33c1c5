/// A key of the Debian archive, known in advance: only its signatures count, whatever else a keyring contains.
package struct ArchiveKey: Hashable, Sendable {
    /// The primary key's fingerprint, 40 upper-case hexadecimal digits. Its subkeys do the signing.
    package var fingerprint: String
    package var name: String

    package init(fingerprint: String, name: String) {
        self.fingerprint = fingerprint
        self.name = name
    }
}

extension ArchiveKey {
    /// The keys of Debian 11 to 13, as in debian-archive-keyring 2023.3+deb12u2 and 2025.1.
    ///
    /// Security suites of Debian 12 are still signed with the key of 11; others with those of 12 and 13. A key of
    /// Debian 14 is to be added here when its archive is first signed with it.
    package static let debian: [ArchiveKey] = [
        ArchiveKey(
            fingerprint: "1F89983E0081FDE018F3CC9673A4F27B8DD47936",
            name: "Debian Archive Automatic Signing Key (11/bullseye)"),
        ArchiveKey(
            fingerprint: "AC530D520F2F3269F5E98313A48449044AAD5C5D",
            name: "Debian Security Archive Automatic Signing Key (11/bullseye)"),
        ArchiveKey(
            fingerprint: "A4285295FC7B1A81600062A9605C66F00D6C9793", name: "Debian Stable Release Key (11/bullseye)"),
        ArchiveKey(
            fingerprint: "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8",
            name: "Debian Archive Automatic Signing Key (12/bookworm)"),
        ArchiveKey(
            fingerprint: "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0",
            name: "Debian Security Archive Automatic Signing Key (12/bookworm)"),
        ArchiveKey(
            fingerprint: "4D64FEC119C2029067D6E791F8D2585B8783D481", name: "Debian Stable Release Key (12/bookworm)"),
        ArchiveKey(
            fingerprint: "04B54C3CDCA79751B16BC6B5225629DF75B188BD",
            name: "Debian Archive Automatic Signing Key (13/trixie)"),
        ArchiveKey(
            fingerprint: "5E04A1E3223A19A20706E20F9904613D4CCE68C6",
            name: "Debian Security Archive Automatic Signing Key (13/trixie)"),
        ArchiveKey(
            fingerprint: "41587F7DB8C774BCCF131416762F67A0B2C39DE4", name: "Debian Stable Release Key (13/trixie)"),
    ]
}
