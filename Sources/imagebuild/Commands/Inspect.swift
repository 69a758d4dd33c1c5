import ArgumentParser
import ImageBuilding
import ImageDefinition
import LayerArchive
import OCIContent
import OCIModel
import SystemPackage

struct Inspect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show an image's platforms, layers and configuration, or which input put a file there.",
        discussion: """
            REFERENCE is oci:DIR[:TAG], or an image's name: then its default layout.

            EXAMPLES
              imagebuild inspect etcd
              imagebuild inspect etcd --file /usr/local/bin/etcd
              imagebuild inspect oci:/tmp/etcd:3.5.16-0 --format json
              imagebuild inspect etcd --node windows:10.0.20348
              imagebuild inspect etcd --node linux/ppc64le --node windows:ltsc2025
            """)

    @Argument(help: "oci:DIR[:TAG], or an image's folder or name.")
    var reference: String
    @OptionGroup var variants: VariantOptions
    @Option(
        help: ArgumentHelp(
            "Say for each platform which layer has this file, and which input it came from.", valueName: "path"))
    var file: String?
    @Option(
        help: ArgumentHelp(
            "Say which entry of the index a node takes under containerd's and under Docker's rules, and whether Windows would import it: linux/ppc64le, windows:10.0.20348. Repeatable.",
            valueName: "node"))
    var node: [String] = []
    @Option(help: "text or json.")
    var format = OutputFormat.text
    @OptionGroup var storeOptions: StoreOptions

    func validate() throws {
        if file != nil && !node.isEmpty { throw ValidationError("--file and --node exclude each other.") }
    }

    func run() async throws {
        try await withConsole { _ in try await self.inspect() }
    }

    private func inspect() async throws {
        let (layout, tag) = try locate()
        let image = try await InspectedImage(tag, in: layout)
        if !node.isEmpty {
            try report(try node.map { try NodeReport(Node($0), image.platforms, layout) })
        } else if let file {
            let store = try await storeOptions.openIfThere()
            try report(FileOrigins(try EntryPath(file), image.platforms, layout, store).find())
        } else {
            switch format {
            case .text: print(printable(image.text), terminator: "")
            case .json: try printJSON(image)
            }
        }
    }

    private func report(_ found: [FileOrigins.Found]) throws {
        switch format {
        case .text: for item in found { print(printable(item.text)) }
        case .json: try printJSON(found)
        }
        guard found.contains(where: { $0.layer != nil }) else {
            throw CommandError(message: "no platform of \(reference) has \(file ?? "")")
        }
    }

    private func report(_ nodes: [NodeReport]) throws {
        switch format {
        case .text: print(printable(nodes.map(\.text).joined(separator: "\n")), terminator: "")
        case .json: try printJSON(nodes)
        }
    }

    /// `oci:DIR[:TAG]`, or the default layout of an image of this repository.
    private func locate() throws -> (OCILayout, tag: String?) {
        let current = Surroundings.currentFolder
        guard reference.hasPrefix("oci:"), case .layout(let path, let tag) = try ImageLocation(reference, from: current)
        else {
            let folder = try ImageFolder(reference, variant: variants.variant, from: current)
            return (OCILayout(root: try folder.defaultLayout), folder.definition.tag)
        }
        if variants.variant != nil {
            throw ValidationError("--variant goes with an image's folder or name, and '\(reference)' is a layout.")
        }
        return (OCILayout(root: path), tag)
    }
}
