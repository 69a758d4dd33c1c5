import Foundation
import OCIModel
import Testing

extension CommandLineFixture {
    /// Expects that the layout's tag leads to blobs that are all there with the bytes that their names say.
    func expectWhole(_ image: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let layout = layout(image)
        let index = try JSONSerialization.jsonObject(with: Data(contentsOf: layout.appending(path: "index.json")))
        var waiting = try #require((index as? [String: Any])?["manifests"] as? [[String: Any]])
        let blobs = layout.appending(path: "blobs/sha256")
        var known: Set<String> = []
        while let descriptor = waiting.popLast() {
            let name = try #require((descriptor["digest"] as? String)?.components(separatedBy: ":").last)
            guard known.insert(name).inserted else { continue }
            let bytes = try Data(contentsOf: blobs.appending(path: name))
            #expect(bytes.count == descriptor["size"] as? Int, "\(name)", sourceLocation: sourceLocation)
            #expect(Digest(of: bytes).hex == name, sourceLocation: sourceLocation)
            guard let document = try? JSONSerialization.jsonObject(with: bytes) as? [String: Any] else { continue }
            waiting += document["manifests"] as? [[String: Any]] ?? []
            waiting += document["layers"] as? [[String: Any]] ?? []
            waiting += (document["config"] as? [String: Any]).map { $0["digest"] == nil ? [] : [$0] } ?? []
        }
    }
}
