import OCIModel

extension Lock {
    /// The largest size of a lock in bytes.
    package static let sizeLimit = 32 << 20

    /// Reads `image.lock.json` and checks what the types cannot express: names, paths, repeated and missing parts.
    ///
    /// - Parameters:
    ///   - bytes: The content of the file.
    ///   - file: The file's name as the user knows it, for the errors.
    /// - Throws: `DefinitionErrors` without positions; if the lock cannot be decoded, only with the first problem.
    package init(parsing bytes: [UInt8], file: String) throws(DefinitionErrors) {
        let remedy = "run `imagebuild lock` to make the lock again"
        func refuse(_ message: String, _ hint: String) -> DefinitionErrors {
            DefinitionErrors(
                .invalidLock, file: file,
                diagnostics: [Diagnostic(at: nil, "cannot read the lock: \(message)", hint: hint)])
        }
        guard bytes.count <= Self.sizeLimit else {
            throw refuse("it has \(bytes.count) bytes, more than the \(Self.sizeLimit) allowed", remedy)
        }
        do {
            let schema = try CanonicalJSON.decode(Schema.self, from: bytes).schema
            guard schema == 1 else {
                throw refuse("unknown schema \(schema)", "this version knows schema 1; a later one may know more")
            }
            self = try CanonicalJSON.decode(Lock.self, from: bytes)
        } catch let error as DefinitionErrors {
            throw error
        } catch {
            throw refuse("\(error)", remedy)
        }
        let findings = Findings()
        check(findings)
        guard findings.count == 0 else { throw findings.errors(.invalidLock, file: file) }
    }

    /// Returns the lock's text, indented and with sorted keys and lists, so that equal locks are equal files and
    /// changes are easy to read.
    package func encoded() throws -> [UInt8] { try CanonicalJSON.encodeForReading(sorted()) }

    /// Returns the lock with its lists in the order that their declarations promise.
    package func sorted() -> Lock {
        var lock = self
        for index in lock.releases.indices {
            lock.releases[index].signedBy.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            lock.releases[index].indexes.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            lock.releases[index].missingIndexes?.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        }
        lock.releases.sort { a, b in
            a.archive == b.archive
                ? a.suite.utf8.lexicographicallyPrecedes(b.suite.utf8)
                : a.archive.utf8.lexicographicallyPrecedes(b.archive.utf8)
        }
        for (platform, inputs) in lock.platforms {
            lock.platforms[platform] = PlatformInputs(
                base: Self.sorted(inputs.base), bundle: inputs.bundle.mapValues { Self.sorted($0) },
                sources: inputs.sources?.mapValues { Self.sorted($0) }, baseImage: inputs.baseImage)
        }
        lock.archives?.sort { a, b in (a.urls.first ?? "").utf8.lexicographicallyPrecedes((b.urls.first ?? "").utf8) }
        lock.goModules = lock.goModules?.map { modules in
            var modules = modules
            modules.files.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
            return modules
        }
        lock.goModules?.sort {
            $0.requested.joined(separator: " ").utf8.lexicographicallyPrecedes(
                $1.requested.joined(separator: " ").utf8)
        }
        lock.toolchains = lock.toolchains?.mapValues { Self.sorted($0) }
        return lock
    }

    private static func sorted(_ packages: [Package]) -> [Package] {
        packages.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The part that is read first: if the schema is unknown, nothing else can be understood.
    private struct Schema: Decodable { var schema: Int }
}
