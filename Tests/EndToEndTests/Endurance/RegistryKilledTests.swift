import Foundation
import NIOHTTP1
import OCIModel
import RegistryTesting
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Musl
#endif

extension EnduranceTests {
    /// `imagebuild registry serve`, killed while clients push.
    @Suite struct RegistryKilledTests {
        @Test func `killed at any moment, what it acknowledged can be pulled, and every tag whole`() async throws {
            try await CommandLineFixture.scoped { fixture in
                var acknowledged: [String: Digest] = [:]
                for trial in 0..<EnduranceTests.kills {
                    let (program, address) = try await fixture.serve("--root", "registry")
                    let client = RegistryClient(address)
                    try await check(client, acknowledged)
                    let answered = Counter()
                    let writers = (0..<3).map { writer in
                        Task {
                            var done: [String: Digest] = [:]
                            for number in 0..<1000 {
                                let tag = "\(trial)-\(writer)-\(number)"
                                guard let digest = try? await client.pushImage(tag) else { break }
                                done[tag] = digest
                                answered.increment()
                            }
                            return done
                        }
                    }
                    try await until { answered.value >= trial }
                    try await Task.sleep(for: .milliseconds(trial * 17))
                    program.signal(SIGKILL)
                    #expect(try await program.ended().status == 128 + SIGKILL)
                    for writer in writers {
                        // It would try for half a minute to connect.
                        writer.cancel()
                        acknowledged.merge(await writer.value) { one, _ in one }
                    }
                }
                #expect(!acknowledged.isEmpty)
                let (program, address) = try await fixture.serve("--root", "registry")
                try await check(RegistryClient(address), acknowledged)
                program.signal(SIGTERM)
                #expect(try await program.ended().status == 0)
            }
        }

        /// Every tag can be pulled with all that its manifest names, and none that was acknowledged is missing.
        private func check(_ client: RegistryClient, _ acknowledged: [String: Digest]) async throws {
            struct Tags: Decodable { var tags: [String] }
            struct Manifest: Decodable {
                struct Link: Decodable { var digest: String }
                var config: Link
                var layers: [Link]
            }
            let answer = try await client.send(.GET, "/v2/a/b/tags/list")
            let tags = (try? JSONDecoder().decode(Tags.self, from: Data(answer.body)))?.tags ?? []
            for tag in Set(tags).union(acknowledged.keys) {
                let answer = try await client.send(.GET, "/v2/a/b/manifests/\(tag)")
                #expect(answer.status == 200, "\(tag)")
                if let digest = acknowledged[tag] { #expect(Digest(of: answer.body) == digest, "\(tag)") }
                let manifest = try JSONDecoder().decode(Manifest.self, from: Data(answer.body))
                for link in manifest.layers + [manifest.config] {
                    let blob = try await client.send(.GET, "/v2/a/b/blobs/\(link.digest)")
                    #expect(Digest(of: blob.body).description == link.digest, "\(tag)")
                }
            }
        }
    }
}
