import OCIContent
import OCIModel

/// What a copy or a push would do in one place, for people and as JSON.
struct TransferForecast: Encodable {
    /// The tag, or the repository that gets several.
    var name: String
    var digests: [Digest]
    var content: CopyForecast
    /// Tags that would be set or moved, in order.
    var moves: [Publication.Move]

    init(name: String, digests: [Digest], _ content: CopyForecast, _ moves: [Publication.Move]) {
        (self.name, self.digests, self.content, self.moves) = (name, digests, content, moves)
    }

    var text: String {
        var lines = [([name] + digests.map(\.description)).joined(separator: " ")]
        let shares = [
            ("to send", content.toSend), ("to mount", content.toMount), ("there", content.present),
            ("left out", content.skipped),
        ]
        for (what, share) in shares where share.blobs > 0 {
            lines.append("  \(what): \(counted(share.blobs, "blob")), \(ByteCount(share.size))")
        }
        for move in moves {
            lines.append("  tag \(move.name): \(move.from.map { "moves from \($0)" } ?? "new") to \(move.to)")
        }
        if moves.isEmpty { lines.append("  no tag moves") }
        return lines.joined(separator: "\n") + "\n"
    }
}
