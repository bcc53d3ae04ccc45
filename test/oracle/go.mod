module github.com/pullpass/pullpass/test/oracle

go 1.26.0

require github.com/pullpass/pullpass v0.0.0

require github.com/google/go-cmp v0.7.0

replace github.com/pullpass/pullpass => ../..
