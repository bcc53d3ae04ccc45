module github.com/pullpass/pullpass/test/mutation

go 1.26.0
