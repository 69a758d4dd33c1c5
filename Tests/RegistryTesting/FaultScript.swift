package import HTTPTypes
import Synchronization

/// What goes wrong, and with which requests. Each rule counts the requests that it matches by itself; the first rule whose turn
/// it is acts.
package final class FaultScript: Sendable {
    package enum Action: Sendable {
        /// Reads so many bytes of the request's body, which the registry gets, then resets the connection.
        case resetRequest(after: Int64)
        /// Stops reading after so many bytes, and never answers.
        case stallRequest(after: Int64)
        /// The registry does what was asked, then the connection is reset after so many bytes of the answer's body; with 0
        /// before the answer.
        case resetAnswer(after: Int64)
        /// Ends the connection in order after so many bytes of the answer's body.
        case truncateAnswer(after: Int64)
        /// Writes so many bytes of the answer's body, then nothing for ever.
        case stallAnswer(after: Int64)
        /// Writes the answer's body in pieces of so many bytes, each after a pause.
        case dripAnswer(bytes: Int, every: Duration)
        /// Answers in the registry's place; the request's body is read to its end first, unless it is an early answer.
        case answer(Int, HTTPFields = [:], body: String = "", isEarly: Bool = false)
        /// Changes the registry's answer.
        case editHeaders(@Sendable (inout HTTPFields) -> Void)
        /// Changes the answer's body, which is held in memory for it; its length is told rightly.
        case editBody(@Sendable ([UInt8]) -> [UInt8])
        /// Has the registry do what was asked twice, and gives its second answer.
        case duplicate
        /// Asks the registry only once something is so, or never where the client has gone by then.
        case holdUntil(@Sendable () -> Bool)
    }

    package struct Rule: Sendable {
        var method: HTTPRequest.Method?
        var kind: RequestKind?
        /// Counted from 1.
        var turns: ClosedRange<Int>
        var action: Action
        var seen = 0
    }

    private let rules = Mutex<[Rule]>([])

    package init() {}

    /// Adds a rule for the requests of a kind, and of a method if one is given: the first of them, or those whose turn it is.
    package func on(
        _ kind: RequestKind?, method: HTTPRequest.Method? = nil, turns: ClosedRange<Int> = 1...1, _ action: Action
    ) {
        rules.withLock { $0.append(Rule(method: method, kind: kind, turns: turns, action: action)) }
    }

    /// All is well again.
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
