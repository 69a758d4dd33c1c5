import ArgumentParser
import ImageBuilding
import ImageDefinition
import ImageInputs
import OCIContent
import OCIModel

struct LockCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock",
        abstract: "Pin every input of an image by size and SHA-256, with the proof of where it comes from.",
        discussion: """
            Writes image.lock.json and the folder lock/ beside image.yaml; commit both. The lock names no mirror. A variant \
            other than the default has image.VARIANT.lock.json and lock.VARIANT/.

            With --arch or --platform the other platforms of the lock stay as they are, and these are taken from the archive \
            as it was when those were locked.

            A base image is what the definition's digest says: that its tag has moved on is told, and makes no lock stale.

            EXAMPLES
              imagebuild lock etcd              take the newest packages of the definition's suites
              imagebuild lock etcd --platform windows
                                                the same for the Windows platforms alone, beside those that are locked
              imagebuild lock etcd --check      say what is stale; exit code 1 if anything is
              imagebuild lock etcd --check --offline
                                                check the lock and its proof alone, up to Debian's signatures and the
                                                base image's digest
            """)

    @Argument(help: "Folder of the image, or its name under images/.")
    var image: String
    @OptionGroup var variants: VariantOptions
    @OptionGroup var platforms: PlatformOptions
    @Flag(help: "Change nothing; say what is stale, and fail if anything is.")
    var check = false
    @Flag(help: "With --check: do not ask the archive.")
    var offline = false
    @OptionGroup var overrides: OverrideOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var network: NetworkOptions

    func validate() throws {
        if offline && !check { throw ValidationError("--offline goes with --check: a new lock needs the archive.") }
        if check && !platforms.isEmpty { throw ValidationError("--check is about the whole lock: name no platforms.") }
    }

    func run() async throws {
        try await withConsole { try await self.lock($0) }
    }

    private func lock(_ console: Console) async throws {
        let folder = try ImageFolder(
            image, variant: variants.variant, from: Surroundings.currentFolder, overrides: overrides.overrides)
        guard folder.definition.needsLock else {
            console.note("\(folder.definition.name) takes nothing from an archive: there is nothing to lock")
            return
        }
        if check { return try await checkLock(folder, console) }
        let previous = try previousLock(folder)
        let chosen = try platforms.chosen(from: folder.definition) ?? folder.definition.platforms
        let written = try await builder(console).lock(chosen, of: folder, previous: previous)
        report(previous, written.lock, console)
        for concession in written.lock.concessions(of: folder.definition, now: Timestamp(seconds: Surroundings.now)) {
            console.warn(concession)
        }
        print(Digest(of: written.bytes))
    }

    /// A lock that cannot be read does not let anything older in: it has to be removed on purpose.
    private func previousLock(_ folder: ImageFolder) throws -> Lock? {
        do { return try folder.lockFile()?.lock } catch {
            throw CommandError(
                status: .refused, message: "cannot tell what was locked before: \(Failure(error).message)",
                hint: "restore the lock, or remove it to lock without anything to compare with")
        }
    }

    private func builder(_ console: Console) async throws -> ImageBuilder {
        network.builder(try await ContentStore.open(root: storeOptions.path()), console)
    }

    private func report(_ old: Lock?, _ new: Lock, _ console: Console) {
        guard let old else {
            let lists = new.platforms.values.flatMap { [$0.base] + $0.bundle.values + ($0.sources ?? [:]).values }
            let count = (lists + (new.toolchains ?? [:]).values).map(\.count).reduce(0, +)
            let (archives, bases) = ((new.archives ?? []).count, new.platforms.values.count { $0.baseImage != nil })
            return console.note(
                "locked \(count) packages, \(archives) archives and \(bases) base images for "
                    + new.platforms.keys.sorted().joined(separator: ", "))
        }
        let added = new.platforms.keys.filter { old.platforms[$0] == nil }.sorted()
        var known = new
        for name in added { known.platforms[name] = nil }
        if !added.isEmpty {
            console.note("locked \(added.joined(separator: ", ")) beside the others")
            known.requirements = old.requirements
        }
        let changes = old.staleness(against: known)
        console.note(changes.isEmpty ? "no package changed" : changes.joined(separator: "\n"))
    }

    private func checkLock(_ folder: ImageFolder, _ console: Console) async throws {
        guard let file = try folder.lockFile() else {
            throw CommandError(
                message: "\(folder.definition.name) has no lock yet", hint: "run 'imagebuild lock \(folder.arguments)'")
        }
        let found = try await builder(console).check(file, of: folder, isOffline: offline)
        guard found.problems.isEmpty else {
            throw CommandError(
                message: "the lock of \(folder.definition.name) is stale:\n"
                    + found.problems.map { "  \($0)" }.joined(separator: "\n"),
                hint: "run 'imagebuild lock \(folder.arguments)' and review the change")
        }
        guard found.unproven.isEmpty else {
            throw CommandError(
                status: .unproven,
                message:
                    "nothing is wrong with the lock of \(folder.definition.name) as far as it was checked, but it is "
                    + "not proven that its packages are in the signed indexes, which are not in the store:\n"
                    + found.unproven.map { "  \($0)" }.joined(separator: "\n"),
                hint:
                    "run 'imagebuild lock \(folder.arguments)', which fetches the indexes of today and proves what it locks"
            )
        }
        console.note("the lock of \(folder.definition.name) is up to date, and its proof holds")
        print(Digest(of: file.bytes))
    }
}
