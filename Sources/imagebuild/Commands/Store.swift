import ArgumentParser
import ImageAssembly
import ImageBuilding
import OCIContent
import OCIModel
import RegistryServer
import Scheduling

struct Store: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look after the store of blobs and downloads.",
        discussion: """
            EXAMPLES
              imagebuild store gc                     remove what no build has used for 30 days
              imagebuild store verify --repair        read every blob, and remove the damaged ones
            """,
        subcommands: [CollectGarbage.self, Verify.self])

    struct CollectGarbage: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "gc",
            abstract: "Remove what no build has used for a while, and unfinished writes.",
            discussion: """
                Nothing that is removed is lost: a build fetches or makes it again. A store in use by a build or a \
                registry is left alone, and what uses it is said.

                EXAMPLE
                  imagebuild store gc --unused-for 7
                """)

        @Option(help: ArgumentHelp("Keep what was used within so many days.", valueName: "days"))
        var unusedFor = 30
        @Option(help: "text or json.")
        var format = OutputFormat.text
        @OptionGroup var storeOptions: StoreOptions

        func validate() throws {
            guard (0...36500).contains(unusedFor) else { throw ValidationError("--unused-for takes a number of days.") }
        }

        func run() async throws {
            try await withConsole { _ in try await self.collect() }
        }

        private func collect() async throws {
            let store = try await storeOptions.openExisting()
            // A server that was given the store's folder as its root does not hold the store.
            let claims = try RegistryStorage.registries(in: store).map {
                try $0.claim(to: "collect the garbage of \(store.root)")
            }
            defer { withExtendedLifetime(claims) {} }
            let before = unusedFor == 0 ? Int64.max : Surroundings.now - Int64(unusedFor) * 86400
            let collected = try store.collectGarbage(unusedSince: before)
            switch format {
            case .text:
                print(
                    "removed \(collected.blobs) blobs (\(ByteCount(collected.bytes))) and \(collected.records) records")
            case .json: try printJSON(collected)
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "verify",
            abstract:
                "Compare every blob with its digest, and what is remembered of packages with them; exit code 1 if any differs.",
            discussion: """
                Packages, release archives and layers are opened again. What the store remembers of images that it built
                follows from inputs that are elsewhere: 'imagebuild build --verify' makes those again. What a registry keeps
                in the store, or in a root that is named as one, is read too.

                EXAMPLE
                  imagebuild store verify --repair
                """)

        /// The report for scripts.
        private struct Report: Encodable {
            var blobs: Int
            var bytes: Int64
            var damaged: [String]
            var records: Int
            var wrong: [Digest]

            init(_ verified: ContentStore.Verified, _ remembered: ContentStore.VerifiedRecords) {
                (blobs, bytes, damaged) = (verified.blobs, verified.bytes, verified.damaged)
                (records, wrong) = (remembered.records, remembered.wrong)
            }
        }

        @Flag(help: "Remove damaged blobs, which the next build or push brings back, and correct what is remembered.")
        var repair = false
        @Option(help: "text or json.")
        var format = OutputFormat.text
        @OptionGroup var storeOptions: StoreOptions

        func run() async throws {
            try await withConsole { _ in try await self.verify() }
        }

        private func verify() async throws {
            let store = try await storeOptions.openExisting()
            let (result, remembered) = try await BlockingPool.with(threads: 1) { [repair] pool in
                try await pool.run { flag in
                    var result = try store.verify(repair: repair, isCancelled: { flag.isSet })
                    for registry in try RegistryStorage.registries(in: store) {
                        try registry.verify(repair: repair, into: &result, isCancelled: { flag.isSet })
                    }
                    return (result, try store.verifyRecords(repair: repair, isCancelled: { flag.isSet }))
                }
            }
            switch format {
            case .text:
                print("\(result.blobs) blobs, \(ByteCount(result.bytes)), \(result.damaged.count) damaged")
                print("\(remembered.records) records of packages and layers, \(remembered.wrong.count) wrong")
            case .json: try printJSON(Report(result, remembered))
            }
            guard remembered.wrong.isEmpty else {
                throw CommandError(
                    message: "the store remembers what is not so of" + (repair ? ", corrected:\n" : ":\n")
                        + remembered.wrong.map { "  \($0)" }.joined(separator: "\n"),
                    hint: "images that were built with it are made again by 'imagebuild build --verify'")
            }
            guard result.damaged.isEmpty else {
                throw CommandError(
                    message: "damaged" + (repair ? " and removed:\n" : ":\n")
                        + result.damaged.map { "  \($0)" }.joined(separator: "\n"),
                    hint: repair ? "build or push again to replace them" : "remove them with --repair")
            }
        }
    }
}
