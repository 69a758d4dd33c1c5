import ArgumentParser

struct Mirror: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Keep copies of images in registries, complete and by their digests.",
        subcommands: [MirrorRunCommand.self, MirrorImport.self],
        defaultSubcommand: MirrorRunCommand.self)
}
