import DurableFiles
import FoundationEssentials
import ImageInputs
import OCIContent
import SystemPackage
import TestSupport
import Testing

/// Tests that run the real `gpgv`; they fail if it is missing.
struct ReleaseVerifierTests {
    private func withVerifier<R: Sendable>(
        pinned: [String] = [SignedFixtures.archiveKey], _ body: (ReleaseVerifier) async throws -> R
    ) async throws -> R {
        try await withKeyring { keyring in
            try await body(
                ReleaseVerifier(
                    keyrings: [keyring], pinned: pinned.map { ArchiveKey(fingerprint: $0, name: "test key") },
                    timeLimit: .hanging))
        }
    }

    private func verify(
        _ text: String, pinned: [String] = [SignedFixtures.archiveKey], keptProof: Bool = false
    ) async throws -> VerifiedText {
        try await withVerifier(pinned: pinned) {
            try await $0.verify(Array(text.utf8), of: "the Release of trixie", keptProof: keptProof)
        }
    }

    private func refusal(_ text: String, pinned: [String] = [SignedFixtures.archiveKey]) async throws
        -> ImageInputsError?
    {
        do {
            _ = try await verify(text, pinned: pinned)
            return nil
        } catch let error as ImageInputsError { return error }
    }

    @Test func `only the signed text is returned, with the primary key of the subkey that signed`() async throws {
        let verified = try await verify(SignedFixtures.good)
        #expect(verified.signers == [SignedFixtures.archiveKey])
        let text = String(decoding: verified.bytes, as: UTF8.self)
        #expect(text.hasPrefix("Suite: stable\n") && text.hasSuffix("main/empty\n"))
        #expect(!text.contains("PGP"))
    }

    @Test func `dashes are unescaped as they were signed`() async throws {
        let signed = try #require(ArchiveFixtures.releases["trixie"])
        let text = String(decoding: try await verify(signed).bytes, as: UTF8.self)
        #expect(text.contains("\n - dashed line"))
    }

    @Test func `all pinned signers are named, sorted`() async throws {
        let both = [SignedFixtures.archiveKey, SignedFixtures.secondKey]
        #expect(try await verify(SignedFixtures.twoSigners, pinned: both).signers == both.sorted())
        #expect(try await verify(SignedFixtures.twoSigners).signers == [SignedFixtures.archiveKey])
    }

    @Test func `an unknown signature beside a good one does not matter`() async throws {
        #expect(try await verify(SignedFixtures.oneUnknown).signers == [SignedFixtures.archiveKey])
    }

    @Test func `a key outside the keyring is not enough`() async throws {
        let error = try await refusal(SignedFixtures.stranger)
        #expect(error?.code == .unsigned)
        #expect(error?.message.contains("not signed by a key of the Debian archive") == true)
    }

    @Test func `a key in the keyring that is not pinned is not enough`() async throws {
        #expect(try await refusal(SignedFixtures.unpinned)?.code == .unsigned)
    }

    @Test func `the pinned key is the primary, not the one that signs`() async throws {
        let error = try await refusal(SignedFixtures.good, pinned: [SignedFixtures.secondKey])
        #expect(error?.code == .unsigned)
    }

    @Test func `an altered text is refused as altered`() async throws {
        let altered = SignedFixtures.good.replacing("main/empty", with: "main/evil1")
        let error = try await refusal(altered)
        #expect(error?.code == .unsigned)
        #expect(error?.message.contains("changed after it was signed") == true)
    }

    @Test func `a revoked key is refused, even for a kept proof`() async throws {
        let error = try await refusal(SignedFixtures.revokedKey, pinned: [SignedFixtures.revokedKeyFingerprint])
        #expect(error?.code == .unsigned)
        #expect(error?.message.contains("revoked") == true)
        await #expect(throws: ImageInputsError.self) {
            try await verify(SignedFixtures.revokedKey, pinned: [SignedFixtures.revokedKeyFingerprint], keptProof: true)
        }
    }

    @Test func `an expired key is refused for a new Release and accepted for a kept proof`() async throws {
        let key = SignedFixtures.expiredKeyFingerprint
        #expect(try await refusal(SignedFixtures.expiredKey, pinned: [key])?.code == .expired)
        #expect(try await verify(SignedFixtures.expiredKey, pinned: [key], keptProof: true).signers == [key])
    }

    @Test func `a SHA-1 signature is refused`() async throws {
        #expect(try await refusal(SignedFixtures.sha1)?.code == .unsigned)
    }

    private static let message = SignedFixtures.good
    private static let begin = "-----BEGIN PGP SIGNED MESSAGE-----"
    private static let signature = "-----BEGIN PGP SIGNATURE-----"

    /// Files that contain something unsigned. `gpgv` finds a good signature in most of them.
    @Test(arguments: [
        ("Suite: evil\n" + message, "does not begin"), ("\n" + message, "does not begin"),
        (message + "Suite: evil\n", "does not end"), (message + "\n", "does not end"),
        (message + message, "not one block"), ("Suite: trixie\n", "does not begin"), ("", "does not begin"),
        (begin + "\n", "header"), (begin + "\n\nSuite: evil\n", "no signature"),
        (message.replacing(begin, with: begin + " "), "does not begin"),
        (message.replacing(signature, with: signature + " "), "no signature"),
        (message.replacing(signature, with: signature + "\0"), "control characters"),
        (message.replacing(begin, with: begin + "\0"), "control characters"),
        (message.replacing("\n", with: "\r\n"), "control characters"),
        (message.replacing("Hash: SHA256\n", with: "Hash: SHA256\nSuite: evil\n"), "header that is not signed"),
        (message.replacing(signature + "\n", with: signature + "\nComment: evil\n"), "header that is not signed"),
        (message.replacing("Suite:", with: signature + "\nSuite:"), "header that is not signed"),
        (message.replacing("Suite:", with: "-----BEGIN\nSuite:"), "contains a marker"),
        (
            message.replacing("Suite: stable", with: "Suite: stable" + String(repeating: " ", count: 20_000)),
            "without end"
        ),
        (message.replacing("=83Mp", with: "Suite: evil"), "not one block"),
    ])
    func `whatever is not signed in a file is refused`(text: String, reason: String) async throws {
        #expect(text != Self.message)
        let error = try await refusal(text)
        #expect(error?.code == .unsigned)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "accepted")")
    }

    @Test func `a gpgv that takes another text for signed is not believed`() async throws {
        try await withKeyring { keyring in
            let program = keyring.removingLastComponent().appending("gpgv")
            let script = "#!/bin/sh\n/usr/bin/gpgv \"$@\" | sed 's/trixie/forky/'\n"
            try FileSystem.write(Array(script.utf8), to: program, permissions: [.ownerReadWriteExecute])
            let key = ArchiveKey(fingerprint: SignedFixtures.archiveKey, name: "test key")
            let verifier = ReleaseVerifier(gpgv: program, keyrings: [keyring], pinned: [key], timeLimit: .hanging)
            let error = await #expect(throws: ImageInputsError.self) {
                try await verifier.verify(Array(SignedFixtures.good.utf8), of: "the Release of trixie")
            }
            #expect(error?.message.contains("another text") == true, "\(error?.message ?? "")")
        }
    }

    @Test func `a file above the limit is refused before anything is run`() async throws {
        let error = await #expect(throws: ImageInputsError.self) {
            let verifier = ReleaseVerifier(gpgv: "/nonexistent", keyrings: ["/nonexistent"])
            return try await verifier.verify([UInt8](repeating: 0, count: ReleaseVerifier.sizeLimit + 1), of: "x")
        }
        #expect(error?.code == .corrupt)
    }

    @Test func `the errors for a missing program and a missing keyring name their packages`() async throws {
        let good = Array(SignedFixtures.good.utf8)
        let hints = try await withVerifier { verifier in
            var noProgram = verifier
            noProgram.gpgv = "/nonexistent/gpgv"
            var noKeyring = verifier
            noKeyring.keyrings = ["/nonexistent/ring.gpg"]
            var hints: [String?] = []
            for verifier in [noProgram, noKeyring] {
                do { _ = try await verifier.verify(good, of: "x") } catch let error as ImageInputsError {
                    #expect(error.code == .toolMissing)
                    hints.append(error.hint)
                }
            }
            return hints
        }
        #expect(hints == ["install the package gpgv", "install the package debian-archive-keyring"])
    }

    @Test func `a gpgv that exits without reading has verified nothing, and does not end this process`() async throws {
        // More than a pipe holds without a reader.
        let long = SignedFixtures.good.replacing(
            "main/empty", with: "main/empty\n" + String(repeating: " line\n", count: 200_000))
        try await withKeyring { keyring in
            let program = keyring.removingLastComponent().appending("gpgv")
            try FileSystem.write(Array("#!/bin/sh\nexit 2\n".utf8), to: program, permissions: [.ownerReadWriteExecute])
            let verifier = ReleaseVerifier(gpgv: program, keyrings: [keyring], timeLimit: .hanging)
            let error = await #expect(throws: ImageInputsError.self) {
                try await verifier.verify(Array(long.utf8), of: "the Release of trixie")
            }
            #expect(error?.code == .unsigned, "\(error?.message ?? "")")
        }
    }
}

/// Runs `body` with the fixtures' keyring as a file in a folder of its own.
func withKeyring<R: Sendable>(
    _ keyring: String = SignedFixtures.keyring, _ body: (FilePath) async throws -> R
) async throws -> R {
    try await withTemporaryFolder { folder in
        let file = folder.appending("ring.gpg")
        try FileSystem.write(Array(try #require(Data(base64Encoded: keyring))), to: file)
        return try await body(file)
    }
}
