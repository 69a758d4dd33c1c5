import OCIContent
import OCIModel
import OCIRegistry
import Testing

/// Tests of the upload's decisions, one by one and in every order.
@Suite struct UploadDecisionTests {
    private static let settings = RepositorySettings.small.upload

    private func blob(_ size: Int64) -> Descriptor {
        Descriptor(mediaType: .layerGzip, digest: Digest(of: [UInt8(truncatingIfNeeded: size)]), size: size)
    }

    private func upload(_ size: Int64, _ change: (inout Upload.Facts) -> Void = { _ in }) -> Upload {
        var facts = Upload.Facts()
        change(&facts)
        return Upload(blob(size), to: "here", facts: facts, settings: Self.settings)
    }

    private func head(_ location: String?, received: String? = nil) -> Upload.Head {
        var head = Upload.Head()
        head.location = location
        head.received = received.flatMap { Upload.Received($0) }
        return head
    }

    @Test func `the first request is the one that may save the most`() {
        #expect(upload(3000).step == .look)
        #expect(upload(3000) { $0.isNew = true }.step == .mount(from: "here"))
        #expect(upload(50).step == .mount(from: "here"))
        #expect(upload(50) { $0.canMountItself = false }.step == .begin)
        #expect(upload(3000) { $0.holder = "there" }.step == .mount(from: "there"))
        #expect(upload(3000) { $0.session = "s" }.step == .look)
    }

    @Test func `a small blob goes to a new repository in one request, where the registry takes that`() {
        func new(_ size: Int64) -> Upload { self.upload(size) { ($0.isNew, $0.takesAtOnce) = (true, true) } }
        #expect(self.upload(50) { $0.takesAtOnce = true }.step == .mount(from: "here"), "it may be there")
        #expect(new(3000).step == .mount(from: "here"), "too much to send twice")
        var upload = new(50)
        #expect(upload.step == .sendAtOnce && upload.bytesToSend == 0..<50)
        upload.take(.answered(201, head(nil)))
        #expect(upload.step == .done(.sent) && upload.tookAtOnce == true)
        upload = new(50)
        upload.take(.answered(202, head("s")))
        #expect(upload.step == .sendWhole(session: "s") && upload.tookAtOnce == false)
        upload = new(50)
        upload.take(.answered(405, head(nil)))
        #expect(upload.step == .begin && upload.tookAtOnce == false)
        upload = new(50)
        upload.take(.failure(OCIRegistryError(.interrupted, "the answer was lost")))
        #expect(upload.step == .look && upload.tookAtOnce == nil)
        upload.take(.answered(200, head(nil)))
        #expect(upload.step == .done(.sent))
    }

    @Test func `a mounted blob is done, and one mounted from its own repository was present`() {
        var upload = upload(3000) { $0.holder = "there" }
        upload.take(.answered(201, head(nil)))
        #expect(upload.step == .done(.mounted))
        upload = self.upload(50)
        upload.take(.answered(201, head(nil)))
        #expect(upload.step == .done(.present))
    }

    @Test func `the session of a mount that was not granted is used`() {
        var upload = upload(50) { $0.holder = "there" }
        upload.take(.answered(202, head("s")))
        #expect(upload.step == .sendWhole(session: "s"))
    }

    @Test func `a large blob whose mount was not granted is looked for before it is sent`() {
        var upload = upload(3000) { $0.holder = "there" }
        upload.take(.answered(202, head("s")))
        #expect(upload.step == .look)
        var present = upload
        present.take(.answered(200, head(nil)))
        #expect(present.step == .cancel(session: "s"))
        present.take(.answered(204, head(nil)))
        #expect(present.step == .done(.present))
        upload.take(.answered(404, head(nil)))
        #expect(upload.step == .sendWhole(session: "s"))
    }

    @Test func `a large blob is sent in chunks from the server's offset`() {
        var upload = upload(10_000)
        for answer in [head(nil), head("s0")] { upload.take(.answered(upload.step == .look ? 404 : 202, answer)) }
        #expect(upload.step == .sendChunk(session: "s0", 0..<4000))
        upload.take(.answered(202, head("s1", received: "0-2999")))
        #expect(upload.step == .sendChunk(session: "s1", 3000..<7000))
        upload.take(.answered(202, head("s2", received: "bytes=0-6999")))
        upload.take(.answered(202, head("s3", received: "0-9999")))
        #expect(upload.step == .finish(session: "s3"))
        upload.take(.answered(201, head(nil)))
        #expect(upload.step == .done(.sent))
    }

    @Test func `after a failure the blob is looked for, then the session is asked`() {
        var upload = upload(10_000)
        upload.take(.answered(404, head(nil)))
        upload.take(.answered(202, head("s0")))
        upload.take(.failure(OCIRegistryError(.interrupted, "reset")))
        #expect(upload.step == .look)
        upload.take(.answered(404, head(nil)))
        #expect(upload.step == .ask(session: "s0"))
        upload.take(.answered(204, head("s1", received: "0-1233")))
        #expect(upload.step == .sendChunk(session: "s1", 1234..<5234))
    }

    @Test func `a failure that retrying cannot fix ends the upload at once`() {
        for code in [OCIRegistryError.Code.denied, .notFound, .refused] {
            var upload = upload(3000)
            upload.take(.answered(404, head(nil)))
            upload.take(.failure(OCIRegistryError(code, "no")))
            #expect(upload.step == .failed(OCIRegistryError(code, "no")))
        }
    }

    @Test func `a blob too large for one request is sent in chunks`() {
        var upload = upload(7000)
        upload.take(.answered(404, head(nil)))
        upload.take(.answered(202, head("s0")))
        #expect(upload.step == .sendWhole(session: "s0"))
        upload.take(.answered(413, head(nil)))
        upload.take(.answered(204, head(nil)))
        upload.take(.answered(202, head("s1")))
        #expect(upload.step == .sendChunk(session: "s1", 0..<4000))
    }

    @Test func `a blob of another length or digest is not accepted`() {
        var upload = upload(3000)
        var other = head(nil)
        other.length = 2999
        upload.take(.answered(200, other))
        #expect(upload.step == .begin)
        upload.take(.answered(202, head("s")))
        other.digest = Digest(of: [1, 2, 3]).description
        upload.take(.answered(201, other))
        if case .failed(let error) = upload.step {
            #expect(error.code == .corrupt)
        } else {
            Issue.record("\(upload.step)")
        }
    }

    @Test func `a status of no byte or one is not taken for progress`() {
        var upload = chunked()
        upload.take(.answered(202, head("s1", received: "0-0")))
        #expect(upload.step == .cancel(session: "s1"))
        #expect(upload.refusesChunks)
    }

    @Test func `a vanished session of an earlier run may have ended in the blob meanwhile`() {
        for (status, end) in [(200, .done(.present)), (404, .begin)] as [(UInt, Upload.Step)] {
            var upload = upload(10_000) { $0.session = "s0" }
            upload.take(.answered(404, head(nil)))
            #expect(upload.step == .ask(session: "s0"))
            upload.take(.answered(404, head(nil)))
            #expect(upload.step == .look)
            upload.take(.answered(status, head(nil)))
            #expect(upload.step == end)
        }
    }

    @Test func `a vanished session is not asked`() {
        var upload = chunked()
        upload.take(.answered(404, head(nil)))
        #expect(upload.step == .look)
        upload.take(.answered(404, head(nil)))
        #expect(upload.step == .begin)
    }

    @Test func `refused bytes are sent once more in another session`() {
        var upload = upload(3000)
        upload.take(.answered(404, head(nil)))
        for session in ["s0", "s1"] {
            #expect(upload.step == .begin)
            upload.take(.answered(202, head(session)))
            #expect(upload.step == .sendWhole(session: session))
            upload.take(.answered(400, head(nil)))
            upload.take(.answered(204, head(nil)))
        }
        if case .failed(let error) = upload.step {
            #expect(error.code == .refused)
        } else {
            Issue.record("\(upload.step)")
        }
    }

    @Test func `failures with progress between them may be many, but not endless`() {
        var upload = chunked()
        var failures = 0
        while case .sendChunk = upload.step, failures < 1000 {
            failures += 1
            upload.take(.failure(OCIRegistryError(.interrupted, "reset")))
            upload.take(.answered(404, head(nil)))
            upload.take(.answered(204, head("s0", received: "0-\(failures)")))
        }
        #expect(failures == Self.settings.allFailures + 1)
    }

    @Test func `a registry that accepts one byte of each chunk is given up`() {
        var upload = chunked()
        var chunks = 0
        while case .sendChunk = upload.step, chunks < 1000 {
            chunks += 1
            upload.take(.answered(202, head("s0", received: "0-\(chunks)")))
        }
        #expect(chunks == Self.settings.allFailures + 1)
    }

    /// Returns an upload just before its first chunk.
    private func chunked() -> Upload {
        var upload = upload(10_000)
        upload.take(.answered(404, head(nil)))
        upload.take(.answered(202, head("s0")))
        return upload
    }

    @Test func `offsets are read as written, and 0-0 is ambiguous`() {
        #expect(Upload.Received("0-99") == .bytes(100))
        #expect(Upload.Received("bytes=0-99") == .bytes(100))
        #expect(Upload.Received("0-0") == .noneOrOne)
        for text in ["", "-", "0--1", "1-2", "0-9223372036854775807", "0-99999999999999999999", "0-9-9"] {
            #expect(Upload.Received(text) == nil, "\(text)")
        }
    }

    @Test(arguments: [0, 1, 50, 3000, 10_000, 30_000] as [Int64])
    func `whatever a registry answers, an upload ends, and is done only when the blob is there`(size: Int64) {
        for seed in 0..<500 as Range<UInt64> {
            var server = ModelServer(size: size, random: seed, hostility: seed % 4)
            var upload = upload(size) {
                $0.isNew = seed % 3 == 0
                $0.takesAtOnce = seed % 2 == 0
            }
            var steps = 0
            running: while steps < 1000 {
                switch upload.step {
                case .done(let arrival):
                    #expect(server.isCommitted, "seed \(seed): \(arrival)")
                    break running
                case .failed: break running
                default: upload.take(server.answer(to: upload.step))
                }
                steps += 1
            }
            #expect(steps < 600, "seed \(seed) did not end")
            #expect(server.mistakes.isEmpty, "seed \(seed): \(server.mistakes)")
            if seed % 4 == 0 { #expect(server.isCommitted, "seed \(seed): \(upload.step)") }
        }
    }
}

/// A registry of one blob that fails at random.
private struct ModelServer {
    let size: Int64
    var random: UInt64
    /// 0 always answers well, 3 fails half of the time.
    let hostility: UInt64
    var sessions: [String: Int64] = [:]
    var isCommitted = false
    var mistakes: [String] = []
    private var count = 0

    init(size: Int64, random: UInt64, hostility: UInt64) {
        (self.size, self.random, self.hostility) = (size, random &+ 1, hostility)
    }

    private mutating func chance(_ limit: UInt64) -> UInt64 {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (random >> 33) % limit
    }

    mutating func answer(to step: Upload.Step) -> Upload.Answer {
        let fails = chance(6) < hostility
        let failure = Upload.Answer.failure(OCIRegistryError(.interrupted, "reset"))
        switch step {
        case .look: return fails ? .answered(403, .init()) : .answered(isCommitted ? 200 : 404, .init())
        case .mount, .begin:
            if fails { return .answered(500, .init()) }
            count += 1
            sessions["s\(count)"] = 0
            return .answered(202, head("s\(count)"))
        case .sendAtOnce:
            switch chance(4) {
            case 0 where fails: return failure
            case 1 where fails: return .answered([400, 404, 405, 501][Int(chance(4))], .init())
            case 2:
                isCommitted = true
                return chance(4) < hostility ? failure : .answered(201, .init())
            default:
                count += 1
                sessions["s\(count)"] = 0
                return .answered(202, head("s\(count)"))
            }
        case .sendWhole(let session):
            guard let has = sessions[session] else { return .answered(404, .init()) }
            if has > 0 { mistakes.append("the first byte again") }
            return fails ? broken(session, size) : commit(session, size)
        case .sendChunk(let session, let range):
            guard let has = sessions[session] else { return .answered(404, .init()) }
            guard has == range.lowerBound else { return .answered(416, .init()) }
            if fails { return broken(session, range.upperBound - range.lowerBound) }
            sessions[session] = range.upperBound
            return .answered(202, head(session))
        case .finish(let session):
            guard let has = sessions[session] else { return .answered(404, .init()) }
            guard has == size else {
                mistakes.append("finished at \(has)")
                return .answered(400, .init())
            }
            return commit(session, 0)
        case .ask(let session):
            return sessions[session] == nil || fails ? .answered(404, .init()) : .answered(204, head(session))
        case .cancel(let session):
            sessions[session] = nil
            return failure
        case .done, .failed: return failure
        }
    }

    private mutating func commit(_ session: String, _ more: Int64) -> Upload.Answer {
        sessions[session] = nil
        isCommitted = true
        return chance(4) < hostility ? .failure(OCIRegistryError(.interrupted, "answer lost")) : .answered(201, .init())
    }

    private mutating func broken(_ session: String, _ sent: Int64) -> Upload.Answer {
        switch chance(4) {
        case 0: sessions[session] = nil
        case 1: sessions[session, default: 0] += Int64(chance(UInt64(sent) + 1))
        case 2: return .answered([500, 502, 400, 404][Int(chance(4))], .init())
        default: break
        }
        return .failure(OCIRegistryError(.interrupted, "reset"))
    }

    private func head(_ session: String) -> Upload.Head {
        var head = Upload.Head()
        head.location = session
        head.received = Upload.Received("0-\(max(0, (sessions[session] ?? 0) - 1))")
        return head
    }
}
