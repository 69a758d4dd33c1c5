import ImageBuilding
import OCIContent
import OCIModel

extension Console {
    func note(_ event: PublicationEvent) {
        switch event {
        case .note(let text): note(text)
        case .setting: break
        case .set(let name, let old): note("\(name): " + (old.map { "moved from \($0)" } ?? "set"))
        case .unchanged(let name): note("\(name): nothing changed")
        case .copied(let image):
            let moved = image.movedFrom.map { "\(image.digest), was \($0)" }
            note("\(image.name): " + (image.isUnchanged ? "nothing changed" : moved ?? "\(image.digest)"))
        }
    }
}

extension TransferForecast {
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
