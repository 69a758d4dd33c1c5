import OCIContent

/// The work that is left in each place of publication; nothing of it is done yet.
package struct PublishingPlan: Sendable {
    /// A page, or a folder, that people download from.
    struct Page: Sendable {
        enum Kind: Sendable {
            /// A page with the draft or the page that is there, and whether it will be the latest.
            case github(GitHubPage, GitHubRelease?, isLatest: Bool)
            case folder(FolderPlace)
        }

        var place: String
        var kind: Kind
        /// Whether it is published, with these very files.
        var isDone: Bool
    }

    /// Whether the pages get a text.
    var hasNotes: Bool
    var images: [ImagePublication] = []
    var pages: [Page] = []

    /// Whether everything is published already.
    package var isDone: Bool { images.allSatisfy { $0.moves.isEmpty } && pages.allSatisfy(\.isDone) }

    /// Returns the plan for a person: a line for each tag and each page.
    package func text(files: Int) -> String {
        let tags = images.flatMap { image in
            image.moves.map {
                "\($0.place):\($0.move.name) -> \($0.move.to)" + ($0.move.from.map { " (now \($0))" } ?? "")
            }
                + image.standing.map { "\($0) stands already" }
        }
        let pages = pages.map { page in
            guard !page.isDone else { return "\(page.place): published already" }
            return switch page.kind {
            case .github(_, nil, let isLatest):
                "\(page.place): a draft with \(files) files"
                    + (hasNotes ? "" : " and no text (--notes names the file of one)") + ", then published"
                    + (isLatest ? " as the latest" : "")
            case .github(_, .some, let isLatest):
                "\(page.place): the draft that is there, completed to \(files) files"
                    + (hasNotes ? " and with the text of --notes" : "") + ", then published"
                    + (isLatest ? " as the latest" : "")
            case .folder: "\(page.place): a folder with \(files) files"
            }
        }
        return (tags + pages).map { $0 + "\n" }.joined()
    }
}
