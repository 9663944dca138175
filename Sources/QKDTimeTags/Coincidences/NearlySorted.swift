/// Order for tags that delays of some nanoseconds have moved by a place or two.
enum NearlySorted {
    /// Insertion sort, stable, of times and of what belongs to each.
    ///
    /// What stands before `start` is in order already; nothing moves in front of `floor`.
    static func putInOrder<Companion>(
        _ times: inout [Int64], _ companions: inout [Companion], from start: Int = 1, floor: Int = 0
    ) {
        times.withUnsafeMutableBufferPointer { times in
            companions.withUnsafeMutableBufferPointer { companions in
                for place in min(max(1, start), times.count)..<times.count where times[place] < times[place &- 1] {
                    let (time, companion) = (times[place], companions[place])
                    var hole = place
                    while hole > floor, times[hole - 1] > time {
                        times[hole] = times[hole - 1]
                        companions[hole] = companions[hole - 1]
                        hole -= 1
                    }
                    times[hole] = time
                    companions[hole] = companion
                }
            }
        }
    }
}
