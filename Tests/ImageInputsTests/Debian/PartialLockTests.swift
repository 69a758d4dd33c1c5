import ImageDefinition
import ImageInputs
import OCIModel
import SystemPackage
import TestSupport
import Testing

/// Tests of locks that are made platform by platform.
struct PartialLockTests {
    private static let before = "2026-11-20T00:00:00Z"
    /// When the Releases of the security suites have expired.
    private static let after = "2027-03-01T00:00:00Z"

    private func platforms(_ names: String...) throws -> [Platform] { try names.map { try Platform($0) } }

    private func definition() throws -> Definition {
        var definition = Definition(
            name: "app", platforms: try platforms("linux/amd64", "linux/ppc64le"), revision: 0)
        definition.debian = Definition.DebianRequirement(
            suites: ["trixie", "trixie-security"],
            packages: [Definition.PackageRequirement(name: "base"), Definition.PackageRequirement(name: "tzdata")],
            maintainerScripts: "scripts.yaml")
        return definition
    }

    private func verifier(_ keyring: FilePath) -> ReleaseVerifier {
        ReleaseVerifier(
            keyrings: [keyring], pinned: [ArchiveKey(fingerprint: SignedFixtures.archiveKey, name: "test key")],
            timeLimit: .hanging)
    }

    private func resolver(
        _ keyring: FilePath, release: @escaping @Sendable (String) throws -> [UInt8]
    ) -> DebianResolver {
        DebianResolver(
            verifier: verifier(keyring), fetchRelease: { _, suite, accept in try await accept(release(suite)) },
            fetchIndex: { _ in },
            openIndex: { index, _ in
                let architecture = index.path.contains("ppc64el") ? "ppc64el" : "amd64"
                return Array(try #require(ArchiveFixtures.packages["\(index.suite) \(architecture)"]).utf8)
            })
    }

    private func resolve(
        _ platforms: [Platform], beside kept: [Platform] = [], of earlier: LockedInputs? = nil, now: String = before
    ) async throws -> LockedInputs {
        let whole = try definition()
        let definition = whole.restricted(to: platforms + kept)
        return try await withKeyring { keyring in
            let resolver = resolver(keyring) { suite in
                #expect(earlier == nil, "the Release of \(suite) is fetched again")
                return Array(try #require(ArchiveFixtures.releases[suite]).utf8)
            }
            let releases = try (earlier?.lock.releases ?? []).map { release in
                let path = LockProof.releasePath(archive: release.archive, suite: release.suite)
                return KeptRelease(release, bytes: try #require(earlier?.proof[path]))
            }
            let pins = try await resolver.resolve(
                definition, platforms: platforms, now: try #require(Timestamp(canonical: now)),
                previous: earlier?.lock, kept: releases, substitutes: whole.platforms)
            let part = try LockedInputs(whole.restricted(to: platforms), codec: "gzip", debian: pins)
            guard let earlier else { return part }
            return try part.keeping(kept, of: earlier.lock, for: definition) { earlier.proof[$0] }
        }
    }

    private func problems(_ locked: LockedInputs) async throws -> [String] {
        let whole = try definition()
        let platforms = locked.lock.platforms(of: whole)
        return try await withKeyring { keyring in
            try await LockProof.verify(
                locked.lock, of: whole.restricted(to: platforms), for: platforms, or: whole.platforms, hosts: [],
                with: resolver(keyring) { _ in [] }, file: { locked.proof[$0] })
        }
    }

    @Test func `a lock made in two parts, months apart, is the lock of both`() async throws {
        let (amd64, ppc64le) = try (platforms("linux/amd64"), platforms("linux/ppc64le"))
        let whole = try await resolve(amd64 + ppc64le)
        let first = try await resolve(amd64)
        #expect(first.lock.platforms.keys.sorted() == ["linux/amd64"])
        #expect(try first.lock.answers(definition()))
        let both = try await resolve(ppc64le, beside: amd64, of: first, now: Self.after)
        #expect(try both.lock.encoded() == whole.lock.encoded())
        #expect(both.proof == whole.proof)
        #expect(try await problems(first) == [])
        #expect(try await problems(both) == [])
    }

    @Test func `a platform that is locked again leaves the others and their proof as they are`() async throws {
        let (amd64, ppc64le) = try (platforms("linux/amd64"), platforms("linux/ppc64le"))
        let whole = try await resolve(amd64 + ppc64le)
        let again = try await resolve(amd64, beside: ppc64le, of: whole, now: Self.after)
        #expect(try again.lock.encoded() == whole.lock.encoded())
        #expect(again.proof == whole.proof)
    }

    @Test func `a Release that is not the locked one is refused`() async throws {
        let (amd64, ppc64le) = try (platforms("linux/amd64"), platforms("linux/ppc64le"))
        let first = try await resolve(amd64)
        var lock = first.lock
        lock.releases[0].inRelease = Digest(of: [7])
        let changed = LockedInputs(lock: lock, proof: first.proof)
        let error = await #expect(throws: ImageInputsError.self) {
            try await resolve(ppc64le, beside: amd64, of: changed)
        }
        #expect(error?.code == .corrupt)
        #expect(error?.message.contains("is not the one that was locked") == true)
    }

    @Test func `a lock for another codec takes no more platforms`() async throws {
        let (amd64, ppc64le) = try (platforms("linux/amd64"), platforms("linux/ppc64le"))
        let first = try await resolve(amd64)
        var lock = first.lock
        lock.codec = "zstd"
        let changed = LockedInputs(lock: lock, proof: first.proof)
        let error = await #expect(throws: ImageInputsError.self) {
            try await resolve(ppc64le, beside: amd64, of: changed)
        }
        #expect(error?.code == .unsatisfiable)
        #expect(error?.message.contains("codec zstd") == true)
    }
}
