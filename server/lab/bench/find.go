package main

import (
	"fmt"

	routeguidev1 "routeguide/proto/routeguide/v1"
)

// searches asks for names of the million, some of which are of very common words.
func searches() work {
	w := work{method: routeguidev1.FeatureService_SearchFeatures_FullMethodName, answers: 1}
	for i := range 97 {
		row, column := scattered(i * (gridSize / 97))
		for _, query := range []string{fmt.Sprint(column, " row ", row), fmt.Sprint(column, " r"), "bench", fmt.Sprint("jersey ", row)} {
			w.messages = append(w.messages, encode(&routeguidev1.SearchFeaturesRequest{Query: query}))
		}
	}
	return w
}

func nearests() work {
	w := work{method: routeguidev1.FeatureService_NearestFeatures_FullMethodName, answers: 1}
	for _, p := range gridPoints() {
		w.messages = append(w.messages, encode(&routeguidev1.NearestFeaturesRequest{Point: pointMessage(p)}))
	}
	return w
}
