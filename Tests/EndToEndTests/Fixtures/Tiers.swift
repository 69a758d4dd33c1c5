import Foundation
import Testing

/// Tests of the built program that need no network: other programs on this machine at most.
@Suite(.inTurns) enum ProgramTests {}

/// Tests against the real Debian archive. They share images that take a while to build, and programs that use every core.
@Suite(.serialized) enum NetworkTests {}

/// Tests that kill what is under way, over and over, and fill disks.
@Suite(.serialized) enum EnduranceTests {
    /// How often each of them kills: `IMAGEBUILD_KILLS`, or a few times.
    static let kills = ProcessInfo.processInfo.environment["IMAGEBUILD_KILLS"].flatMap { Int($0) } ?? 6
}

extension Trait where Self == Turns {
    /// At most a few of all tests with this trait run at once: each is a program at work on every core.
    static var inTurns: Self { Turns() }
}

/// Lets a test begin when another has ended.
struct Turns: SuiteTrait, TestTrait, TestScoping {
    private static let queue = TurnQueue(width: 4)

    var isRecursive: Bool { true }

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @concurrent @Sendable () async throws -> Void
    ) async throws {
        // A suite's own scope holds those of its tests: it must not take a turn from them.
        guard testCase != nil else { return try await body() }
        await Self.queue.take()
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        await Self.queue.giveBack()
        try result.get()
    }
}

private actor TurnQueue {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(width: Int) { free = width }

    func take() async {
        guard free == 0 else { return free -= 1 }
        await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
