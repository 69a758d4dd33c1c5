import ArgumentParser
import ImageReleasing
import SystemPackage

struct ReleaseAnnounceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "announce",
        abstract: "Write the notes' skeleton, the lists of authors, the mail and what is to be done afterwards.",
        discussion: """
            Everything is printed, and nothing is sent or run. The notes have a line for each pull request; finish them, \
            and give the file to --notes for the mail, and to 'release publish'.

            EXAMPLES
              imagebuild release announce etcd.yaml --version v3.6.14 --previous v3.6.13 --only notes > notes.md
              imagebuild release announce etcd.yaml --version v3.6.14 --previous v3.6.13 --only mail --notes notes.md
            """)

    @OptionGroup var options: ReleaseOptions
    @Option(help: ArgumentHelp("Finished notes, in the place of their skeleton.", valueName: "file"))
    var notes: String?
    @Option(
        help: ArgumentHelp(
            "Print one part alone: notes, authors, guide-authors, mail or afterwards.", valueName: "part"))
    var only: AnnouncementPart?
    @Option(help: "text or json.")
    var format = OutputFormat.text

    func run() async throws {
        let (release, git) = try await options.release()
        let finished = try notes.map { String(decoding: try UserFile.read($0), as: UTF8.self) }
        let announcement = try await Announcement(release, git, notes: finished)
        switch format {
        case .text: print(announcement.text(only), terminator: "")
        case .json: try printJSON(announcement)
        }
    }
}
