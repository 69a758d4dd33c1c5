import ArgumentParser
import ImageMirroring

struct MirrorImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Turn another tool's file into a mirror file.",
        discussion: """
            Reads regsync's and skopeo sync's YAML, and the Kubernetes promoter's images.yaml, which says by itself what it \
            is. What cannot be carried over is said on standard error, with its place.

            EXAMPLES
              imagebuild mirror import regsync.yaml > mirror.yaml
              imagebuild mirror import sync.yaml --to registry.example.org/mirror > mirror.yaml
              imagebuild mirror import images.yaml --from gcr.io/etcd-development --to registry.example.org/k8s
            """)

    @Argument(help: "The other tool's file.")
    var file: String
    @Option(help: ArgumentHelp("The source of images.yaml, which names none.", valueName: "registry"))
    var from: String?
    @Option(help: ArgumentHelp("The destination, where the file names none.", valueName: "registry"))
    var to: String?

    func run() async throws {
        let imported = try ImportedMirror(
            parsing: UserFile.read(file), file: file, source: from, destination: to)
        let console = Console(environment: Surroundings.environment)
        for loss in imported.losses { console.warn(loss) }
        print(imported.text, terminator: "")
    }
}
