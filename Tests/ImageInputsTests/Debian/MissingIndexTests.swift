import ImageDefinition
import ImageInputs
import OCIModel
import Synchronization
import SystemPackage
import TestSupport
import Testing

/// Tests with mirrors that lack the indexes that a signed Release lists.
struct MissingIndexTests {
    private func definition(
        accepting accepted: [String] = [], platforms: [String] = ["linux/ppc64le", "linux/arm64", "linux/amd64"]
    ) throws -> Definition {
        var definition = Definition(name: "app", platforms: try platforms.map { try Platform($0) }, revision: 0)
        definition.debian = Definition.DebianRequirement(
            suites: ["trixie", "trixie-updates", "trixie-security"],
            packages: [.init(name: "libtwo2"), .init(name: "tzdata")], maintainerScripts: "scripts.yaml")
        definition.debian?.acceptMissing = accepted.map {
            let parts = $0.split(separator: "/").map(String.init)
            return .init(suite: parts[0], architecture: parts[1])
        }
        return definition
    }

    private func verifier(_ keyring: FilePath) -> ReleaseVerifier {
        ReleaseVerifier(
            keyrings: [keyring], pinned: [ArchiveKey(fingerprint: LaggingFixtures.key, name: "test key")],
            timeLimit: .hanging)
    }

    /// Resolves the definition. `failing` states, by `suite architecture`, why the mirror does not have that path.
    private func resolve(
        _ definition: Definition, failing: [String: ImageInputsError.Code] = [:],
        asked: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> LockedInputs {
        try await withKeyring(LaggingFixtures.keyring) { keyring in
            let resolver = DebianResolver(
                verifier: verifier(keyring),
                fetchRelease: { _, suite, accept in
                    try await accept(Array(try #require(LaggingFixtures.releases[suite]).utf8))
                },
                fetchIndex: { request in
                    let name = "\(request.suite) \(request.architecture)"
                    asked(name)
                    if let code = failing[name] {
                        throw ImageInputsError(code, "cannot fetch \(request.path)", hint: "name another mirror")
                    }
                },
                openIndex: { index, _ in Array(LaggingFixtures.packages(index.suite, index.architecture).utf8) })
            let pins = try await resolver.resolve(
                definition, now: try #require(Timestamp(canonical: "2026-11-20T00:00:00Z")), previous: nil)
            return try LockedInputs(definition, codec: "gzip", debian: pins)
        }
    }

    private func refusal(
        _ definition: Definition, failing: [String: ImageInputsError.Code]
    ) async throws -> ImageInputsError? {
        do {
            _ = try await resolve(definition, failing: failing)
            return nil
        } catch let error as ImageInputsError { return error }
    }

    /// Verifies a lock, with the indexes that it names and no other.
    private func problems(
        _ lock: Lock, _ proof: [String: [UInt8]], of definition: Definition, for platforms: [Platform]? = nil
    ) async throws -> [String] {
        try await withKeyring(LaggingFixtures.keyring) { keyring in
            let resolver = DebianResolver(
                verifier: verifier(keyring),
                fetchRelease: { _, _, _ in throw ImageInputsError(.notFound, "not asked") },
                fetchIndex: { request in
                    guard lock.releases.contains(where: { $0.indexes.contains { $0.sha256 == request.sha256 } }) else {
                        throw ImageInputsError(.notFound, "not locked: \(request.path)")
                    }
                },
                openIndex: { index, _ in Array(LaggingFixtures.packages(index.suite, index.architecture).utf8) })
            return try await LockProof.verify(
                lock, of: definition, for: platforms ?? definition.platforms, hosts: [], with: resolver,
                file: { proof[$0] })
        }
    }

    private func packages(_ locked: LockedInputs, _ platform: String = "linux/ppc64le") throws -> [String] {
        try #require(locked.lock.platforms[platform]).base.map {
            "\($0.name) \($0.version) \($0.suite) \(debianArchitecture(in: $0.index))"
        }
    }

    @Test(arguments: [ImageInputsError.Code.notFound, .corrupt])
    func `a missing index is refused without consent, and the hint names the key`(
        code: ImageInputsError.Code
    ) async throws {
        let error = try await refusal(
            definition(accepting: ["trixie-updates/ppc64le", "trixie-security/arm64"]),
            failing: ["trixie-security ppc64el": code])
        #expect(error?.code == .notFound)
        #expect(error?.message == "cannot fetch dists/trixie-security/main/binary-ppc64el/Packages.xz")
        #expect(
            error?.hint == "use a mirror that is up to date, or add trixie-security/ppc64le to the definition's "
                + "accept-missing")
    }

    @Test(arguments: [ImageInputsError.Code.unreachable, .timedOut, .busy, .rejected, .diskFull])
    func `consent does not hide other failures`(code: ImageInputsError.Code) async throws {
        let definition = try definition(accepting: ["trixie-security/ppc64le"])
        let error = try await refusal(definition, failing: ["trixie-security ppc64el": code])
        #expect(error?.code == code && error?.hint == "name another mirror")
    }

    @Test
    func `with consent, packages for all architectures come from the first other platform, the rest from other suites`()
        async throws
    {
        let definition = try definition(accepting: ["trixie-security/ppc64le"])
        let locked = try await resolve(definition, failing: ["trixie-security ppc64el": .corrupt])
        #expect(
            try packages(locked) == ["libtwo2 2.0-1 trixie ppc64el", "tzdata 2026c-1 trixie-security arm64"])
        #expect(
            try packages(locked, "linux/amd64") == [
                "libtwo2 2.0-2 trixie-security amd64", "tzdata 2026c-1 trixie-security amd64",
            ])
        #expect(
            locked.lock.releases.map(\.missingIndexes) == [nil, nil, ["main/binary-ppc64el/Packages.xz"]])
        #expect(
            locked.lock.releases[2].indexes.map(\.path) == [
                "main/binary-amd64/Packages.xz", "main/binary-arm64/Packages.xz",
            ])
        #expect(try await problems(locked.lock, locked.proof, of: definition) == [])
        #expect(try Lock(parsing: locked.lock.encoded(), file: "image.lock.json") == locked.lock)
    }

    @Test func `the next platform is used if the first one's index is missing too`() async throws {
        let definition = try definition(accepting: ["trixie-security/ppc64le", "trixie-security/arm64"])
        let locked = try await resolve(
            definition, failing: ["trixie-security ppc64el": .notFound, "trixie-security arm64": .notFound])
        for platform in ["linux/ppc64le", "linux/arm64"] {
            #expect(try packages(locked, platform).last == "tzdata 2026c-1 trixie-security amd64")
        }
        #expect(locked.lock.releases[2].missingIndexes?.count == 2)
        #expect(try await problems(locked.lock, locked.proof, of: definition) == [])
    }

    @Test func `a suite that is missing for every platform contributes nothing`() async throws {
        let definition = try definition(accepting: ["trixie-security/ppc64le"], platforms: ["linux/ppc64le"])
        let locked = try await resolve(definition, failing: ["trixie-security ppc64el": .notFound])
        #expect(
            try packages(locked) == ["libtwo2 2.0-1 trixie ppc64el", "tzdata 2026b-1 trixie-updates ppc64el"])
        #expect(try await problems(locked.lock, locked.proof, of: definition) == [])
    }

    @Test func `an available index is used, consent or not`() async throws {
        let locked = try await resolve(definition(accepting: ["trixie-security/ppc64le"]))
        #expect(
            try packages(locked) == [
                "libtwo2 2.0-2 trixie-security ppc64el", "tzdata 2026c-1 trixie-security ppc64el",
            ])
        #expect(locked.lock.releases.allSatisfy { $0.missingIndexes == nil && $0.indexes.count == 3 })
        var withoutConsent = try await resolve(definition()).lock
        withoutConsent.requirements = locked.lock.requirements
        #expect(locked.lock == withoutConsent)
    }

    @Test func `a digest is fetched once, from any of its paths`() async throws {
        let asked = Mutex<[String]>([])
        let locked = try await resolve(
            definition(), failing: ["trixie-updates ppc64el": .notFound, "trixie-updates arm64": .corrupt]
        ) { name in asked.withLock { $0.append(name) } }
        let updates = asked.withLock { $0 }.filter { $0.hasPrefix("trixie-updates") }
        #expect(updates == ["trixie-updates ppc64el", "trixie-updates arm64", "trixie-updates amd64"])
        #expect(locked.lock.releases.allSatisfy { $0.missingIndexes == nil })
        asked.withLock { $0 = [] }
        _ = try await resolve(definition()) { name in asked.withLock { $0.append(name) } }
        #expect(asked.withLock { $0 }.filter { $0.hasPrefix("trixie-updates") } == ["trixie-updates ppc64el"])
    }

    @Test func `a digest that is nowhere needs consent for each index that lists it`() async throws {
        let failing: [String: ImageInputsError.Code] = [
            "trixie-updates ppc64el": .notFound, "trixie-updates arm64": .notFound, "trixie-updates amd64": .notFound,
        ]
        let error = try await refusal(definition(accepting: ["trixie-updates/ppc64le"]), failing: failing)
        #expect(error?.hint?.contains("add trixie-updates/arm64, trixie-updates/amd64 to") == true)
        let all = ["trixie-updates/ppc64le", "trixie-updates/arm64", "trixie-updates/amd64"]
        let locked = try await resolve(definition(accepting: all), failing: failing)
        #expect(locked.lock.releases[1].missingIndexes?.count == 3 && locked.lock.releases[1].indexes == [])
    }

    @Test func `the error for an unmet choice says which index was missing`() async throws {
        var definition = try definition(accepting: ["trixie-security/ppc64le"])
        definition.debian?.packages = [.init(name: "libtwo2", suites: ["trixie-security"])]
        let error = try await refusal(definition, failing: ["trixie-security ppc64el": .notFound])
        #expect(error?.code == .unsatisfiable)
        let without =
            "  without main/binary-ppc64el/Packages.xz of trixie-security, which no mirror has as it is signed"
        #expect(error?.message.hasSuffix("[ppc64el]\n\(without)") == true, "\(error?.message ?? "")")
    }

    @Test func `an index that is available again makes a lock stale only by its packages`() async throws {
        let definition = try definition(accepting: ["trixie-security/ppc64le"])
        let fresh = try await resolve(definition).lock
        var lock = try await resolve(definition, failing: ["trixie-security ppc64el": .notFound]).lock
        #expect(lock.staleness(against: fresh) == ["linux/ppc64le: libtwo2 2.0-1 → 2.0-2"])
        lock.platforms["linux/ppc64le"]?.base[0] = try #require(fresh.platforms["linux/ppc64le"]).base[0]
        #expect(lock.staleness(against: fresh) == [])
    }

    @Test func `an index of another architecture does not prove that architecture's own packages`() async throws {
        let definition = try definition(accepting: ["trixie-security/ppc64le"])
        let locked = try await resolve(definition, failing: ["trixie-security ppc64el": .notFound])
        var lock = locked.lock
        var package = try #require(lock.platforms["linux/amd64"]).base[0]
        lock.platforms["linux/ppc64le"]?.base[0] = package
        #expect(
            try await problems(lock, locked.proof, of: definition).contains {
                $0.contains("locked for another architecture")
            })
        package.architecture = "all"
        lock.platforms["linux/ppc64le"]?.base[0] = package
        #expect(
            try await problems(lock, locked.proof, of: definition).contains { $0.contains("does not match its stanza") }
        )
    }

    @Test func `a lock can neither hide a missing index nor invent one`() async throws {
        let definition = try definition(accepting: ["trixie-security/ppc64le"])
        let locked = try await resolve(definition, failing: ["trixie-security ppc64el": .notFound])
        var lock = locked.lock
        lock.releases[2].missingIndexes = nil
        #expect(
            try await problems(lock, locked.proof, of: definition) == [
                "the lock records main/binary-ppc64el/Packages.xz of trixie-security neither as used nor as missing"
            ])
        lock.releases[2].missingIndexes = ["main/binary-ppc64el/Packages.xz", "main/binary-s390x/Packages.xz"]
        #expect(
            try await problems(lock, locked.proof, of: definition) == [
                "the Release of trixie-security does not list main/binary-s390x/Packages.xz, which the lock "
                    + "records as missing"
            ])
    }
}

/// Returns the architecture in a path: `main/binary-ppc64el/Packages.xz` → `ppc64el`.
private func debianArchitecture(in path: String) -> String {
    ["amd64", "arm64", "ppc64el"].first { path.contains("binary-\($0)/") } ?? path
}

extension IndexRequest {
    fileprivate var architecture: String { debianArchitecture(in: path) }
}
