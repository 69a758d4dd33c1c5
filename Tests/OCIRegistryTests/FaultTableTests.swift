import Foundation
import Testing

/// Generates `Tests/FAULTS.md` from the names of the tests, so that it cannot promise what no test checks.
@Suite struct FaultTableTests {
    /// The faults that may occur between a client and a registry, and what the client must do. A scenario without tests
    /// has a reason.
    private static let scenarios: [(what: String, must: String)] = [
        ("connection reset during an upload, nothing kept", "succeed"),
        ("connection reset after half of an upload was kept", "succeed, at most one chunk sent twice"),
        ("500 once to an upload", "succeed"),
        ("503 once to PUT of a manifest", "succeed, no blob sent again"),
        ("429 with Retry-After, short", "wait and succeed"),
        ("429 with Retry-After, long", "wait as long; other hosts continue"),
        ("429 with Retry-After as a date", "wait and succeed"),
        ("429 to a request with a body", "wait, send the body again and succeed"),
        ("500 once to HEAD of a blob", "ask again, or continue without knowing"),
        ("403 or 405 to HEAD", "ask by GET"),
        ("a body that ends early, cleanly", "continue with Range"),
        ("a body that stalls for ever", "end at the idle limit, continue"),
        ("a body of a byte every few seconds", "end at the slowest rate allowed"),
        ("a registry that stops reading", "end at the idle limit for writing"),
        ("bytes corrupted once", "fetch once more, then fail; never tag"),
        ("200 to a Range request", "skip the beginning; the right digest"),
        ("206 with another range", "notice it, start again"),
        ("PUT of a manifest answered with another digest", "fail, tag untouched"),
        ("a manifest that does not match the requested digest", "fail"),
        ("a manifest of 64 MiB", "refuse at the limit, memory flat"),
        ("sizes of 2^63, below zero, or with a sum that overflows", "refuse before anything is allocated"),
        ("an index that contains itself, is very deep, or has a million entries", "refuse at the limits"),
        ("layers and manifests in one document, or the wrong type", "refuse"),
        ("a descriptor's data that does not match its digest", "refuse"),
        ("foreign layers' addresses", "never contact them"),
        ("a list of tags that links to itself, or in a circle", "end with an error"),
        ("a list of tags that links to another host", "refuse"),
        ("links repeated, without brackets, relative; an empty page", "the whole list"),
        ("a token that expires early", "renew it and finish"),
        ("a token service that answers 500 or 429, or slowly", "wait; ask once for all requests"),
        ("a challenge in any form that the grammar allows", "read it"),
        ("a realm on a link-local address, http, or an unrelated host", "send no credentials"),
        ("401 without challenge, 401 to a mount, insufficient_scope", "ask for what is missing, once"),
        ("a blob's GET redirected to storage", "no Authorization there"),
        ("a redirect to http, to this machine, in a loop, 11 times; 303 to PUT", "refuse"),
        ("an upload's Location on another host, or relative", "follow it, without credentials elsewhere"),
        ("416 to PATCH", "ask for the offset and continue from there"),
        ("an upload's status of 0-0: no byte or one", "start again"),
        ("an upload's session that no longer exists", "a new session"),
        ("201 to PATCH, or a Range that does not advance", "notice it, send the blob whole"),
        ("a minimum chunk size of 10 GB", "cap it, allocate nothing"),
        ("a second PATCH that overwrites the first", "send the blob whole, and remember"),
        ("202, 401, 404 or 500 to a mount", "upload, with at most one more request"),
        ("an upload that was committed but whose answer was lost", "find it, send nothing again"),
        ("an immutable tag that already is where it should be", "succeed"),
        ("a login page of the network for every request", "a clear error at the first request"),
        ("no referrers API, in every form of that answer", "the fallback tag"),
        ("two writers of one fallback index", "both entries survive"),
        ("a tag that moves during a copy, at either end", "copy what was resolved; report the conflict"),
        ("a layout that lies: paths in digests, links, sizes, a million entries", "refuse"),
        ("a layer that unpacks to a thousand times its size", "only where layers are unpacked"),
        ("signals, a full disk, a certificate out of date", "no partial image under a tag; continue the next time"),
        ("a tag together with its digest: ignored, or refused with any status", "set it by itself, and remember"),
    ]
    private static let reasons = [
        51: "copy and push never unpack a layer; LayerArchiveTests check the limits of reading one"
    ]

    @Test func `the table of faults matches the names of the tests`() throws {
        let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let held = try Self.testsByRow(below: tests)
        var text = """
            # Faults between a client and a registry

            One row for each scenario; the tests that check it carry its number. Generated by `FaultTableTests`, which
            rewrites this file if `UPDATE_FAULTS=1` is set.

            | # | scenario | the client must | tests |
            | --- | --- | --- | --- |

            """
        for (number, scenario) in zip(1..., Self.scenarios) {
            let names = held[number, default: []].sorted().map { "`\($0)`" }
            #expect(!names.isEmpty || Self.reasons[number] != nil, "row \(number) has neither a test nor a reason")
            let cell = names.isEmpty ? Self.reasons[number] ?? "" : names.joined(separator: "<br>")
            text += "| \(number) | \(scenario.what) | \(scenario.must) | \(cell) |\n"
        }
        let file = tests.appendingPathComponent("FAULTS.md")
        if ProcessInfo.processInfo.environment["UPDATE_FAULTS"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text, "run this test with UPDATE_FAULTS=1")
    }

    /// Collects the names of the tests by row; `row 5, 6, 7: the wait …` counts for each of its numbers.
    private static func testsByRow(below folder: URL) throws -> [Int: [String]] {
        var found: [Int: [String]] = [:]
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            guard file.pathExtension == "swift" else { continue }
            let source = try String(contentsOf: file, encoding: .utf8)
            for match in source.matches(of: /func `rows? ([0-9, ]+): ([^`]+)`/) {
                for number in match.1.split(separator: ",").compactMap({ Int($0.filter(\.isNumber)) }) {
                    found[number, default: []].append(String(match.2))
                }
            }
        }
        return found
    }
}
