import QKDKernels

extension LDPCCode {
    /// The length of the shortest cycle through bits and checks, if it is at most `limit`.
    ///
    /// A breadth-first search from one bit of each block column: the others' surroundings are the same, rotated. Two
    /// ways that meet, from which the first bit is apart by a and b steps, close a cycle of a + b + 1.
    public func girth(upTo limit: Int = 12) -> Int? {
        let lifting = kernel.lifting
        let rows = (0..<kernel.rows).map(kernel.row)
        var columns = Array(repeating: [(row: Int, shift: Int)](), count: kernel.columns)
        for (row, circulants) in rows.enumerated() {
            for circulant in circulants { columns[circulant.column].append((row, circulant.shift)) }
        }
        /// The nodes beside one; bits come first, then checks.
        func beside(_ node: Int) -> [Int] {
            if node < bits {
                let (column, bit) = node.quotientAndRemainder(dividingBy: lifting)
                return columns[column].map { bits + $0.row * lifting + (bit - $0.shift + lifting) % lifting }
            }
            let (row, check) = (node - bits).quotientAndRemainder(dividingBy: lifting)
            return rows[row].map { $0.column * lifting + (check + $0.shift) % lifting }
        }
        var best = limit + 1
        for column in 0..<kernel.columns {
            let root = column * lifting
            var steps = [root: 0]
            var edge = [(node: root, from: -1)]
            var depth = 0
            // A cycle through the root that is shorter than the best has its far end within half of that.
            while 2 * depth + 1 < best, !edge.isEmpty {
                var next: [(node: Int, from: Int)] = []
                for (node, from) in edge {
                    for other in beside(node) where other != from {
                        if let known = steps[other] {
                            best = min(best, known + depth + 1)
                        } else {
                            steps[other] = depth + 1
                            next.append((other, node))
                        }
                    }
                }
                edge = next
                depth += 1
            }
        }
        return best <= limit ? best : nil
    }
}
