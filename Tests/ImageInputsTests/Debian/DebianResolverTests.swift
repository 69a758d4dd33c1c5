import DebianFormat
import ImageDefinition
import ImageInputs
import OCIModel
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Tests of the whole resolution, from signed Releases to a lock and back, in an archive made of text.
struct DebianResolverTests {
    private func definition() throws -> Definition {
        var definition = Definition(
            name: "app", platforms: [try Platform("linux/amd64"), try Platform("linux/ppc64le")], revision: 0)
        definition.debian = Definition.DebianRequirement(
            suites: ["trixie", "trixie-security"],
            packages: [Definition.PackageRequirement(name: "base"), Definition.PackageRequirement(name: "tzdata")],
            maintainerScripts: "scripts.yaml")
        let file = try EntryPath("usr/bin/app")
        definition.bundle = Definition.Bundle(
            versions: [
                Definition.BundledVersion(version: "3.4.23", suites: ["bookworm"]),
                Definition.BundledVersion(version: "3.5.16", suites: ["trixie"]),
            ],
            programs: [
                Definition.Program(name: "app", package: "app-server", file: file),
                Definition.Program(name: "tool", package: "missing-until-4", file: file, since: "4.0"),
            ],
            directory: try EntryPath("usr/local/bin"), mode: 0o555)
        return definition
    }

    private func verifier(_ keyring: FilePath) -> ReleaseVerifier {
        ReleaseVerifier(
            keyrings: [keyring], pinned: [ArchiveKey(fingerprint: SignedFixtures.archiveKey, name: "test key")],
            timeLimit: .hanging)
    }

    private func resolve(
        _ definition: Definition, now: String = "2026-11-20T00:00:00Z", previous: Lock? = nil,
        index: @escaping @Sendable (IndexRequest) -> String = { "\($0.suite) \($0.architecture)" }
    ) async throws -> LockedInputs {
        try await withKeyring { keyring in
            let resolver = DebianResolver(
                verifier: verifier(keyring),
                fetchRelease: { _, suite, accept in
                    try await accept(Array(try #require(ArchiveFixtures.releases[suite]).utf8))
                },
                fetchIndex: { _ in },
                openIndex: { request, limit in
                    let bytes = Array(try #require(ArchiveFixtures.packages[index(request)]).utf8)
                    #expect(bytes.count <= limit)
                    return bytes
                })
            let pins = try await resolver.resolve(
                definition, now: try #require(Timestamp(canonical: now)), previous: previous)
            return try LockedInputs(definition, codec: "gzip", debian: pins)
        }
    }

    private func refusal(
        _ definition: Definition, now: String = "2026-11-20T00:00:00Z", previous: Lock? = nil,
        index: @escaping @Sendable (IndexRequest) -> String = { "\($0.suite) \($0.architecture)" }
    ) async throws -> ImageInputsError? {
        do {
            _ = try await resolve(definition, now: now, previous: previous, index: index)
            return nil
        } catch let error as ImageInputsError { return error }
    }

    @Test func `a Windows platform takes no packages, and lists no index a second time`() async throws {
        var definition = try definition()
        definition.platforms += ["ltsc2022", "ltsc2025"].map {
            Platform(os: "windows", architecture: "amd64", osVersion: $0)
        }
        let inputs = try await resolve(definition)
        #expect(inputs.lock.platforms["windows/amd64:ltsc2022"]?.base == [])
        #expect(inputs.lock.platforms["linux/amd64"]?.base.isEmpty == false)
        for release in inputs.lock.releases { #expect(Set(release.indexes.map(\.path)).count == release.indexes.count) }
        #expect(try Lock(parsing: inputs.lock.encoded(), file: "lock") == inputs.lock.sorted())
        #expect(try await problems(inputs.lock, inputs.proof, of: definition) == [])
    }

    /// Verifies a lock with the indexes by `suite architecture`, all as they are unless given.
    private func problems(
        _ lock: Lock, _ proof: [String: [UInt8]], of definition: Definition? = nil, for platforms: [Platform]? = nil,
        indexes: [String: String] = ArchiveFixtures.packages
    ) async throws -> [String] {
        let definition = try definition ?? self.definition()
        return try await withKeyring { keyring in
            let resolver = DebianResolver(
                verifier: verifier(keyring),
                fetchRelease: { _, _, _ in throw ImageInputsError(.notFound, "not asked") },
                fetchIndex: { _ in },
                openIndex: { index, _ in
                    guard let text = indexes["\(index.suite) \(index.architecture)"] else {
                        throw ImageInputsError(.notFound, "gone: \(index.path)")
                    }
                    return Array(text.utf8)
                })
            return try await LockProof.verify(
                lock, of: definition, for: platforms ?? definition.platforms, hosts: [], with: resolver,
                file: { proof[$0] })
        }
    }

    @Test func `every platform's packages are pinned with their proof`() async throws {
        let locked = try await resolve(definition())
        let inputs = try #require(locked.lock.platforms["linux/ppc64le"])
        let names = inputs.base.map { "\($0.name) \($0.version) \($0.architecture) \($0.archive) \($0.suite)" }
        #expect(
            names == [
                "base 13.8 all debian trixie", "libone1 1.0-1 ppc64el debian trixie",
                "libtwo2 2.0-1+deb13u1 ppc64el debian-security trixie-security", "mawk 1.3-1 ppc64el debian trixie",
                "tzdata 2026a-1 all debian trixie",
            ])
        #expect(inputs.bundle.mapValues { $0.map(\.version) } == ["3.4.23": ["3.4.23-4+b4"], "3.5.16": ["3.5.16-4"]])
        #expect(locked.lock.releases.map(\.suite) == ["bookworm", "trixie", "trixie-security"])
        #expect(locked.lock.releases[2].validUntil == "2026-11-25T22:17:43Z")
        #expect(locked.lock.releases.allSatisfy { $0.signedBy == [SignedFixtures.archiveKey] && $0.indexes.count == 2 })
        #expect(locked.proof.count == 9)
        #expect(try await problems(locked.lock, locked.proof) == [])
    }

    @Test func `the same archive gives the same lock and proof, and renewing a lock does not change it`() async throws {
        let first = try await resolve(definition())
        let second = try await resolve(definition(), previous: first.lock)
        #expect(first.lock == second.lock && first.proof == second.proof)
        #expect(try CanonicalJSON.encode(first.lock) == CanonicalJSON.encode(second.lock))
    }

    @Test func `a stale lock reports what a new one would change, and only that`() async throws {
        let fresh = try await resolve(definition()).lock
        var lock = fresh
        #expect(lock.staleness(against: fresh) == [])
        lock.releases[2].date = "2026-11-17T00:00:00Z"
        #expect(lock.staleness(against: fresh) == [])
        lock.platforms["linux/amd64"]?.base[2].version = "2.0-1"
        lock.platforms["linux/amd64"]?.base.remove(at: 0)
        lock.platforms["linux/ppc64le"]?.bundle["3.5.17"] = fresh.platforms["linux/ppc64le"]?.bundle["3.5.16"]
        lock.platforms["linux/ppc64le"]?.base[0].suite = "sid"
        let digest = try #require(lock.platforms["linux/ppc64le"]?.base[0].sha256.short)
        #expect(
            lock.staleness(against: fresh) == [
                "linux/amd64: base is new: 13.8", "linux/amd64: libtwo2 2.0-1 → 2.0-1+deb13u1",
                "linux/ppc64le: app-server (bundled 3.5.17) is no longer needed",
                "linux/ppc64le: base 13.8 has changed: \(digest) of sid → \(digest) of trixie",
            ])
    }

    @Test func `an index is requested by its digest`() async throws {
        let asked = Mutex<[IndexRequest]>([])
        _ = try await resolve(definition()) { request in
            asked.withLock { $0.append(request) }
            return "\(request.suite) \(request.architecture)"
        }
        let request = try #require(
            asked.withLock { $0 }.first { $0.suite == "trixie-security" && $0.architecture == "amd64" })
        #expect(request.path == "dists/trixie-security/main/binary-amd64/Packages.xz")
        #expect(request.byHashPath == "dists/trixie-security/main/binary-amd64/by-hash/SHA256/\(request.sha256.hex)")
        #expect(request.archive == "debian-security")
    }

    @Test func `an expired suite is refused by name, or accepted and recorded`() async throws {
        var definition = try definition()
        let late = "2026-12-24T00:00:00Z"
        let error = try await refusal(definition, now: late)
        #expect(error?.code == .expired && error?.message.contains("trixie-security") == true)
        definition.debian?.acceptExpired = ["trixie-security"]
        let locked = try await resolve(definition, now: late)
        #expect(locked.lock.releases.map(\.acceptedExpired) == [nil, nil, true])
    }

    @Test func `a mirror with an older state is refused`() async throws {
        var previous = try await resolve(definition()).lock
        previous.releases[1].date = "2026-10-01T00:00:00Z"
        #expect(try await refusal(definition(), previous: previous)?.code == .rolledBack)
        previous.releases[1].date = "soon"
        #expect(try await refusal(definition(), previous: previous)?.code == .corrupt)
    }

    @Test func `an index other than the listed one is refused, whatever the fetch accepted`() async throws {
        let error = try await refusal(definition()) { _ in "bookworm amd64" }
        #expect(error?.code == .corrupt)
    }

    @Test func `the problems of all platforms are reported together`() async throws {
        var definition = try definition()
        definition.debian?.packages.append(Definition.PackageRequirement(name: "tzdat"))
        definition.bundle?.versions[1].version = "3.5.17"
        let error = try await refusal(definition)
        #expect(error?.code == .unsatisfiable)
        #expect(
            error?.message == """
                cannot choose the packages of app: 2 problems
                  no package 'tzdat' in trixie, trixie-security; did you mean 'tzdata'? [amd64, ppc64el]
                  app-server 3.5.17 is not in trixie: it has 3.5.16-4 [amd64, ppc64el]
                """)
    }

    @Test func `a toolchain is looked for on every machine that Go compiles on, as far as the suite has it`()
        async throws
    {
        var definition = try definition()
        definition.platforms = [try Platform("linux/ppc64le")]
        definition.goToolchain = .packages("golang", suites: ["trixie"])
        // The suites have no arm64, which is not a problem.
        #expect(
            try await refusal(definition)?.message == """
                cannot choose the packages of app: 2 problems
                  no package 'golang-go' in trixie [ppc64el, amd64]
                  no package 'golang-src' in trixie [ppc64el, amd64]
                """)
    }

    @Test func `a platform that a suite lacks is named`() async throws {
        var definition = try definition()
        definition.platforms.append(try Platform("linux/arm64"))
        let error = try await refusal(definition)
        #expect(error?.code == .notFound && error?.message.contains("no packages for arm64") == true)
    }

    @Test func `a proof with any part missing or changed is a problem`() async throws {
        let locked = try await resolve(definition())
        for path in locked.proof.keys {
            var without = locked.proof
            without[path] = nil
            #expect(try await problems(locked.lock, without).contains { $0.contains(path) }, "\(path) missing")
            var changed = locked.proof
            changed[path] = Array(
                String(decoding: changed[path] ?? [], as: UTF8.self).replacing("SHA256: ", with: "SHA256: 0").replacing(
                    "Suite: ", with: "Suite: x"
                ).utf8)
            #expect(try await !problems(locked.lock, changed).isEmpty, "\(path) changed")
        }
    }

    @Test(arguments: 0..<12)
    func `a lock changed in any field is a problem`(change: Int) async throws {
        let locked = try await resolve(definition())
        var lock = locked.lock
        func package(_ body: (inout Lock.Package) -> Void) {
            guard var inputs = lock.platforms["linux/amd64"] else { return }
            body(&inputs.base[1])
            lock.platforms["linux/amd64"] = inputs
        }
        switch change {
        case 0: package { $0.version = "1.0-2" }
        case 1: package { $0.path += "x" }
        case 2: package { $0.size += 1 }
        case 3: package { $0.sha256 = Digest(of: []) }
        case 4: package { $0.suite = "sid" }
        case 5: package { $0.index = "main/binary-ppc64el/Packages.xz" }
        case 6: lock.releases[1].indexes[0].sha256 = Digest(of: [])
        case 7: lock.releases[1].signedBy = [SignedFixtures.secondKey]
        case 8: lock.releases[1].date = "2026-09-12T07:55:42Z"
        case 9: lock.releases[1].suite = "../../trixie"
        case 10: lock.releases[1].inRelease = Digest(of: [])
        default: lock.releases.remove(at: 1)
        }
        #expect(lock != locked.lock)
        #expect(try await !problems(lock, locked.proof).isEmpty)
    }

    @Test func `a package that the signed index lacks is found`() async throws {
        let locked = try await resolve(definition())
        var lock = locked.lock
        var proof = locked.proof
        let path = "debian/dists/trixie/main/binary-amd64/Packages.xz.stanzas"
        let forged = String(decoding: try #require(proof[path]), as: UTF8.self).replacing(
            "Version: 1.0-1\n", with: "Version: 1.0-2\n")
        proof[path] = Array(forged.utf8)
        lock.platforms["linux/amd64"]?.base[1].version = "1.0-2"
        #expect(
            try await problems(lock, proof) == [
                "the locked indexes resolve to something else: linux/amd64: libone1 1.0-2 → 1.0-1"
            ])
        // Another platform's packages are not spoken for.
        #expect(try await problems(lock, proof, for: [Platform("linux/ppc64le")]) == [])
        var otherIndex = ArchiveFixtures.packages
        otherIndex["trixie amd64"] = forged
        await #expect { try await problems(lock, proof, indexes: otherIndex) } throws: {
            "\($0)".contains("is not the file that its Release lists")
        }
    }

    @Test func `what is signed and was not asked for is found`() async throws {
        let locked = try await resolve(definition())
        let (lock, proof) = (locked.lock, locked.proof)
        var changed: [(Lock, String)] = []
        var dropped = lock
        dropped.platforms["linux/amd64"]?.base.removeAll { $0.name == "tzdata" }
        changed.append((dropped, "linux/amd64: tzdata is new: 2026a-1"))
        var other = lock
        let gawk = try #require(lock.platforms["linux/amd64"]?.base.first { $0.name == "mawk" })
        other.platforms["linux/amd64"]?.bundle["3.5.16"]?.append(gawk)
        changed.append((other, "linux/amd64: mawk (bundled 3.5.16) is no longer needed"))
        var version = lock
        version.platforms["linux/amd64"]?.bundle["9.9.9"] = []
        changed.append((version, "other lists of packages"))
        // The version of the suite without its security updates, which is signed as well.
        var older = lock
        let index = try PackagesIndex(Array(try #require(ArchiveFixtures.packages["trixie amd64"]).utf8))
        let libtwo = try DebianPackage(try #require(index.stanzas(of: "libtwo2").first))
        let place = try #require(older.platforms["linux/amd64"]?.base.firstIndex { $0.name == "libtwo2" })
        older.platforms["linux/amd64"]?.base[place] = Lock.Package(
            name: "libtwo2", version: libtwo.version.description, architecture: "amd64", archive: "debian",
            suite: "trixie", index: "main/binary-amd64/Packages.xz", path: libtwo.path, size: libtwo.size,
            sha256: libtwo.sha256)
        changed.append((older, "libtwo2 2.0-1 → 2.0-1+deb13u1"))
        for (lock, problem) in changed {
            var proof = proof
            let path = "debian/dists/trixie/main/binary-amd64/Packages.xz.stanzas"
            proof[path] = Array(try #require(ArchiveFixtures.packages["trixie amd64"]).utf8)
            let found = try await problems(lock, proof)
            #expect(found.count == 1 && found.first?.contains(problem) == true, "\(found)")
        }
    }

    @Test func `what indexes were asked before is answered without decoding them, and nothing else is`() async throws {
        let kept = Mutex<[Digest: [UInt8]]>([:])
        let decoded = Mutex(0)
        func resolve(_ definition: Definition) async throws -> LockedInputs {
            try await withKeyring { keyring in
                let resolver = DebianResolver(
                    verifier: verifier(keyring),
                    excerpts: IndexExcerpts(
                        recall: { digest in kept.withLock { $0[digest] } },
                        remember: { digest, bytes in kept.withLock { $0[digest] = bytes } }),
                    fetchRelease: { _, suite, accept in
                        try await accept(Array(try #require(ArchiveFixtures.releases[suite]).utf8))
                    },
                    fetchIndex: { _ in },
                    openIndex: { index, _ in
                        decoded.withLock { $0 += 1 }
                        let name = "\(index.suite) \(index.architecture)"
                        return Array(try #require(ArchiveFixtures.packages[name]).utf8)
                    })
                let pins = try await resolver.resolve(
                    definition, now: try #require(Timestamp(canonical: "2026-11-20T00:00:00Z")), previous: nil)
                return try LockedInputs(definition, codec: "gzip", debian: pins)
            }
        }
        let definition = try definition()
        let expected = try await self.resolve(definition)
        for reads in [6, 0] {
            decoded.withLock { $0 = 0 }
            let found = try await resolve(definition)
            #expect(found.lock == expected.lock && found.proof == expected.proof)
            #expect(decoded.withLock { $0 } == reads)
        }
        // Asked for something else, they are read again, and then answer both.
        var other = definition
        other.debian?.packages.append(.init(name: "gawk"))
        let expectedOther = try await self.resolve(other)
        for (definition, expected, reads) in [
            (other, expectedOther, 6), (other, expectedOther, 0), (definition, expected, 0),
        ] {
            decoded.withLock { $0 = 0 }
            #expect(try await resolve(definition).lock == expected.lock)
            #expect(decoded.withLock { $0 } == reads)
        }
        // A name that is nowhere gets its suggestion from the whole.
        other.debian?.packages = [.init(name: "tzdat")]
        let error = await #expect(throws: ImageInputsError.self) { try await resolve(other) }
        #expect(error?.message.contains("did you mean 'tzdata'") == true)
        // A damaged excerpt is none.
        kept.withLock { kept in for digest in kept.keys { kept[digest] = [0xff] } }
        #expect(try await resolve(definition).lock == expected.lock)
    }

    @Test func `the definition decides, not what the lock says that it answers`() async throws {
        let locked = try await resolve(definition())
        var definition = try definition()
        definition.debian?.packages.removeLast()
        definition.bundle?.versions.removeFirst()
        let found = try await problems(locked.lock, locked.proof, of: definition)
        #expect(found.contains { $0.contains("app-server (bundled 3.4.23) is no longer needed") })
        definition.debian?.packages = [.init(name: "nothing")]
        #expect(try await problems(locked.lock, locked.proof, of: definition).contains { $0.contains("'nothing'") })
    }
}

extension IndexRequest {
    /// The Debian name of the architecture, from the path.
    fileprivate var architecture: String { path.contains("binary-ppc64el/") ? "ppc64el" : "amd64" }
}
