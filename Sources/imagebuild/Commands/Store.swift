import ArgumentParser
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
            let store = try ContentStore(root: storeOptions.path())
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
            abstract: "Read every blob and compare it with its digest; exit code 1 if any is damaged.",
            discussion: """
                What a registry keeps in the store, or in a root that is named as one, is read too.

                EXAMPLE
                  imagebuild store verify --repair
                """)

        @Flag(help: "Remove damaged blobs; the next build or push brings them back.")
        var repair = false
        @Option(help: "text or json.")
        var format = OutputFormat.text
        @OptionGroup var storeOptions: StoreOptions

        func run() async throws {
            try await cancellingOnInterrupt { try await self.verify() }
        }

        private func verify() async throws {
            let store = try ContentStore(root: storeOptions.path())
            let result = try await BlockingPool.with(threads: 1) { [repair] pool in
                try await pool.run { flag in
                    var result = try store.verify(repair: repair, isCancelled: { flag.isSet })
                    for registry in try RegistryStorage.registries(in: store) {
                        result.add(try registry.verify(repair: repair, isCancelled: { flag.isSet }))
                    }
                    return result
                }
            }
            switch format {
            case .text: print("\(result.blobs) blobs, \(ByteCount(result.bytes)), \(result.damaged.count) damaged")
            case .json: try printJSON(result)
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

/// JSON on standard output, for scripts.
func printJSON(_ value: some Encodable) throws {
    print(String(decoding: try CanonicalJSON.encodeForReading(value), as: UTF8.self), terminator: "")
}
