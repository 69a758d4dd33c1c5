import OCIModel
import Testing

@testable import ImageInputs

/// Tests of the forms in which releases publish their sums.
@Suite struct ReleaseSumsTests {
    private static let sum = String(repeating: "a1", count: 32)
    private static let other = String(repeating: "b", count: 64)

    @Test(arguments: [
        "\(sum)  a.tgz\n", "\(sum) *a.tgz\r\n", "\(sum)\ta.tgz", "\(sum) ./a.tgz", "\(sum.uppercased())  a.tgz",
        "SHA256 (a.tgz) = \(sum)\nSHA512 (a.tgz) = \(sum)\(sum)\n", "SHA256(a.tgz)= \(sum)", "SHA2-256(a.tgz)= \(sum)",
        "a.tgz: \(sum)", "a.tgz \(sum)\nb.tgz \(other)", "\(sum)\n", "\u{feff}\(sum)  a.tgz", "\(sum)  dist/v1/a.tgz",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n\(sum)  a.tgz\n-----BEGIN PGP SIGNATURE-----\nx\n",
    ])
    func `every usual form is read`(_ text: String) {
        #expect(ReleaseSums(Array(text.utf8)).sum(of: "a.tgz")?.hex == Self.sum)
    }

    @Test(arguments: [
        "", "\(sum)  b.tgz", "\(sum)  a.tgz\n\(other)  a.tgz", "\(sum)\n\(other)\n",
        "\(sum)  x/a.tgz\n\(other)  y/a.tgz",
        "\(sum)\n\(other)  b.tgz", "MD5 (a.tgz) = \(sum)", "\(sum)\(sum)  a.tgz",
    ])
    func `a list without exactly one sum of the file has none`(_ text: String) {
        #expect(ReleaseSums(Array(text.utf8)).sum(of: "a.tgz") == nil)
    }
}
