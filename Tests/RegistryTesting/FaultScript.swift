package import HTTPTypes
import Synchronization

/// A script of what goes wrong, and for which requests. Each rule counts the requests that it matches for itself; the
/// first rule whose turn it is acts.
package final class FaultScript: Sendable {
    package enum Action: Sendable {
        /// Reads this many bytes of the request's body, which the registry receives, then resets the connection.
        case resetRequest(after: Int64)
        /// Stops reading after this many bytes, and never answers.
        case stallRequest(after: Int64)
        /// Lets the registry carry out the request, then resets the connection after this many bytes of the answer's
        /// body; with 0, before the answer.
        case resetAnswer(after: Int64)
        /// Closes the connection properly after this many bytes of the answer's body.
        case truncateAnswer(after: Int64)
        /// Writes this many bytes of the answer's body, then nothing ever again.
        case stallAnswer(after: Int64)
        /// Writes the answer's body in pieces of this many bytes, with a pause before each.
        case dripAnswer(bytes: Int, every: Duration)
        /// Answers instead of the registry; the request's body is first read to its end, unless the answer is early.
        case answer(Int, HTTPFields = [:], body: String = "", isEarly: Bool = false)
        /// Changes the registry's answer.
        case editHeaders(@Sendable (inout HTTPFields) -> Void)
        /// Changes the answer's body, which is held in memory for this; its length is reported correctly.
        case editBody(@Sendable ([UInt8]) -> [UInt8])
        /// Lets the registry carry out the request twice, and returns its second answer.
        case duplicate
        /// Asks the registry only once a condition holds, or never if the client is gone by then.
        case holdUntil(@Sendable () -> Bool)
    }

    package struct Rule: Sendable {
        var method: HTTPRequest.Method?
        var kind: RequestKind?
        /// The range of turns, counted from 1.
        var turns: ClosedRange<Int>
        var action: Action
        var seen = 0
    }

    private let rules = Mutex<[Rule]>([])

    package init() {}

    /// Adds a rule for the requests of a kind, and of a method if one is given: for the first of them, or for those in
    /// `turns`.
    package func on(
        _ kind: RequestKind?, method: HTTPRequest.Method? = nil, turns: ClosedRange<Int> = 1...1, _ action: Action
    ) {
        rules.withLock { $0.append(Rule(method: method, kind: kind, turns: turns, action: action)) }
    }

    /// Adds a rule for manifests that are put there, for those in `turns`.
    package func onPutManifests(turns: ClosedRange<Int>, _ action: Action) {
        on(.manifest, method: .put, turns: turns, action)
    }

    /// Removes all rules.
    package func clear() { rules.withLock { $0 = [] } }

    func action(for method: HTTPRequest.Method, _ kind: RequestKind) -> Action? {
        rules.withLock { rules in
            var action: Action?
            for index in rules.indices {
                let rule = rules[index]
                guard rule.method ?? method == method, rule.kind ?? kind == kind else { continue }
                rules[index].seen += 1
                if action == nil, rule.turns.contains(rules[index].seen) { action = rule.action }
            }
            return action
        }
    }
}
